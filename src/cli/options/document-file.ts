/** A file in YAML or JSON; every JSON text is YAML as well. */

import { RectioError } from '../../base/error.js';
import { readText } from '../../system/json-file.js';

/** The file's content, not checked yet. @throws RectioError `usage` naming the line if it cannot be read */
export async function readDocument(path: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const text = await readText(path, {
    code: 'usage',
    hint: 'Give a file with networks, ratios and seeds, in YAML or JSON.',
  });
  const document = parseDocument(text);
  const [first] = document.errors;
  if (first === undefined) return document.toJS({ maxAliasCount: 100 });
  const line = first.linePos?.[0].line;
  throw new RectioError(
    'usage',
    `${path}${line === undefined ? '' : `, line ${line}`}: ${first.message.split('\n')[0]}`,
    'Lists are written [a, b], texts with a colon in quotes: "2:1".',
    { cause: first },
  );
}
