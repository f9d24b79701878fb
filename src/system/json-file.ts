/** The one reader of JSON files: bounded, without a byte order mark, and checked into a type. */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { RectioError, type ErrorCode } from '../base/error.js';
import { isTooDeep } from '../base/depth.js';
import type { Parser } from '../base/parse.js';
import { whereGone } from './errno.js';

export interface TextFileOptions {
  /** The code of the errors. */
  readonly code: ErrorCode;
  /** What to do about a file that cannot be used. */
  readonly hint: string;
  /** Larger files are refused before they are read. Default 64 MiB. */
  readonly mostBytes?: number;
}

const usualMost = 64 * 1024 * 1024;

/**
 * A file's text, without the byte order mark that some editors begin it with; undefined if there is no such file.
 * @throws RectioError of `code` if it is not a file, is too large, or cannot be read
 */
export async function readTextIfThere(path: string, options: TextFileOptions): Promise<string | undefined> {
  const { code, hint, mostBytes = usualMost } = options;
  const refuse = (what: string, cause?: unknown): RectioError =>
    new RectioError(code, `${path} ${what}.`, hint, { cause });
  try {
    // Opening a named pipe would wait for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(whereGone);
    if (file === undefined) return undefined;
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw refuse('is not a file');
      if (stats.size > mostBytes) throw refuse(`has ${stats.size} bytes, more than such a file can have`);
      return (await file.readFile('utf8')).replace(/^\uFEFF/, '');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof RectioError) throw error;
    throw refuse(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/**
 * What a JSON file holds, as `parse` makes it; undefined if there is no such file.
 * @throws RectioError of `code` naming the file, and what in it is missing or of another kind
 */
export async function readJsonIfThere<T>(
  path: string,
  parse: Parser<T>,
  options: TextFileOptions,
): Promise<T | undefined> {
  const text = await readTextIfThere(path, options);
  return text === undefined ? undefined : parseJson(path, text, parse, options);
}

/** `readJsonIfThere` for a file that has to be there. */
export async function readJson<T>(path: string, parse: Parser<T>, options: TextFileOptions): Promise<T> {
  return parseJson(path, await readText(path, options), parse, options);
}

/** `readTextIfThere` for a file that has to be there. */
export async function readText(path: string, options: TextFileOptions): Promise<string> {
  const text = await readTextIfThere(path, options);
  if (text === undefined) throw new RectioError(options.code, `There is no file ${path}.`, options.hint);
  return text;
}

/** The value in a text that came from `path`. */
function parseJson<T>(path: string, text: string, parse: Parser<T>, { code, hint }: TextFileOptions): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The message quotes the file, which may contain control characters that a terminal would obey.
    const reason = error instanceof Error ? error.message.replaceAll(/\p{C}/gu, '?') : '';
    const what = text.trim() === '' ? 'is empty' : `is not JSON: ${reason}`;
    throw new RectioError(code, `${path} ${what}.`, hint, { cause: error });
  }
  if (isTooDeep(value)) throw new RectioError(code, `${path} is nested too deeply.`, hint);
  try {
    return parse(value, '');
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    // Backticks mark settings that the command line turns into flags; a file has settings, not flags.
    throw new RectioError(code, `${path}: ${error.message.replaceAll('`', '')}`, hint, { cause: error });
  }
}
