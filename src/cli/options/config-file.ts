/** The settings in a file of `--config`: JSON, as config.json of a run holds it too. */

import { readFile } from 'node:fs/promises';

import { RectioError } from '../../base/error.js';
import { parseSettings, type TrainConfigInput } from '../../config/index.js';

/** A file's text. @throws RectioError `usage` with `hint` if it cannot be read */
export async function readTextFile(path: string, hint: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new RectioError(
      'usage',
      missing ? `There is no file ${path}` : `${path} cannot be read: ${(error as Error).message}`,
      hint,
      { cause: error },
    );
  }
}

/** The settings in a file. @throws RectioError `usage` if it cannot be read, is not JSON, or holds something else */
export async function readSettings(path: string): Promise<TrainConfigInput> {
  const settings = await readConfigFile(path);
  return namingFile(path, () => parseSettings(settings));
}

async function readConfigFile(path: string): Promise<unknown> {
  const text = await readTextFile(path, 'Give a JSON file of settings, such as the config.json of a run.');
  try {
    const settings: unknown = JSON.parse(text);
    return isRunRecord(settings) ? settings.config : settings;
  } catch (error) {
    throw new RectioError(
      'usage',
      `${path} is not JSON: ${(error as Error).message}`,
      'Keys and texts stand in double quotes, and no comma stands behind the last one.',
      { cause: error },
    );
  }
}

/** A run's own record wraps its settings. */
function isRunRecord(value: unknown): value is { config: unknown } {
  return typeof value === 'object' && value !== null && 'format' in value && 'config' in value;
}

/**
 * Runs `resolve`, which reads what a file holds. An error names the file, and settings by the names that they have in it,
 * not by their flags.
 */
export function namingFile<T>(path: string | undefined, resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    if (path === undefined || !(error instanceof RectioError)) throw error;
    const plain = (text: string) => text.replaceAll('`', '');
    throw new RectioError(error.code, `${path}: ${plain(error.message)}`, plain(error.hint), { cause: error });
  }
}
