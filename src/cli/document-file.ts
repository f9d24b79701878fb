/** A file of settings in YAML or JSON, which is YAML as well. */

import { readFile } from 'node:fs/promises';

import { RectioError } from '../base/error.js';

/** What the file says, not checked yet. @throws RectioError `usage` with the line where it cannot be read */
export async function readDocument(path: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new RectioError(
      'usage',
      missing ? `There is no file ${path}` : `${path} cannot be read: ${(error as Error).message}`,
      'Give a file with networks, ratios and seeds, in YAML or JSON.',
      { cause: error },
    );
  }
  const document = parseDocument(text);
  const [first] = document.errors;
  if (first === undefined) return document.toJS({ maxAliasCount: 100 }) as unknown;
  const line = first.linePos?.[0].line;
  throw new RectioError(
    'usage',
    `${path}${line === undefined ? '' : `, line ${line}`}: ${first.message.split('\n')[0]}`,
    'Lists are written [a, b], texts with a colon in quotes: "2:1".',
    { cause: first },
  );
}
