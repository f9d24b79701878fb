/** The settings in a file of `--config`: JSON, as config.json of a run holds it too. */

import { RectioError } from '../../base/error.js';
import { parseSettings, type TrainConfigInput } from '../../config/index.js';
import { readJson } from '../../system/json-file.js';

/** The settings in a file. @throws RectioError `usage` if it cannot be read, is not JSON, or holds something else */
export async function readSettings(path: string): Promise<TrainConfigInput> {
  const settings = await readConfigFile(path);
  return namingFile(path, () => parseSettings(settings));
}

async function readConfigFile(path: string): Promise<unknown> {
  return readJson(path, (value) => (isRunRecord(value) ? value.config : value), {
    code: 'usage',
    hint: 'Give a JSON file of settings, such as the config.json of a run. Keys and texts stand in double quotes, and no comma stands behind the last one.',
  });
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
