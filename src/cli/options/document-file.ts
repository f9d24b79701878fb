/** A file in YAML or JSON; every JSON text is YAML as well. */

import { RectioError } from '../../base/error.js';
import { isTooDeep } from '../../base/depth.js';
import { readText } from '../../system/json-file.js';

const plainHint = 'Write the values out, without aliases and with few levels.';

/** The file's content, not checked yet. @throws RectioError `usage` naming the line if it cannot be read */
export async function readDocument(path: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const text = await readText(path, {
    code: 'usage',
    hint: 'Give a file with networks, ratios and seeds, in YAML or JSON.',
    mostBytes: 4 * 2 ** 20,
  });
  const refuse = (what: string, cause?: unknown) => new RectioError('usage', `${path} ${what}.`, plainHint, { cause });
  let document: ReturnType<typeof parseDocument>;
  let value: unknown;
  try {
    document = parseDocument(text);
    if (document.errors.length === 0) value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // The parser follows the nesting with its own calls, and aliases can stand for themselves many times over.
    if (error instanceof RangeError) throw refuse('is nested too deeply', error);
    if (error instanceof ReferenceError) throw refuse('repeats its aliases too often', error);
    throw error;
  }
  const [first] = document.errors;
  // Within a text the parser makes an error of the text out of it.
  if (first?.message.startsWith('Maximum call stack')) throw refuse('is nested too deeply', first);
  if (first === undefined && isTooDeep(value)) throw refuse('is nested too deeply, or contains itself');
  if (first === undefined) return value;
  const line = first.linePos?.[0].line;
  throw new RectioError(
    'usage',
    `${path}${line === undefined ? '' : `, line ${line}`}: ${first.message.split('\n')[0]}`,
    'Lists are written [a, b], texts with a colon in quotes: "2:1".',
    { cause: first },
  );
}
