/** A stamp is a file beside a build's result that identifies its inputs, so that it is rebuilt only when needed. */

import { createHash } from 'node:crypto';
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * All files below a folder that `wanted` accepts, sorted. Empty if the folder does not exist.
 * @param {string} folder
 * @param {(path: string) => boolean} wanted
 * @returns {Promise<string[]>}
 */
export async function filesUnder(folder, wanted) {
  let entries;
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(wanted)
    .toSorted();
}

/**
 * Hashes files (path and content) and further words.
 * @param {string} root paths are relative to it, so that two clones get the same stamp
 * @param {readonly string[]} files
 * @param {readonly string[]} [words]
 */
export async function stampOf(root, files, words = []) {
  const hash = createHash('sha256');
  const contents = await Promise.all(files.map((file) => readFile(file)));
  files.forEach((file, index) =>
    hash
      .update(`${relative(root, file)}\0`)
      .update(contents[index] ?? '')
      .update('\0'),
  );
  for (const word of words) hash.update(`${word}\0`);
  return hash.digest('hex');
}

/** @param {string} file @returns {Promise<string | undefined>} the stamp in the file */
export async function readStamp(file) {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return undefined; // no readable stamp: rebuild
  }
}

/** @param {string} file @param {string} stamp */
export async function writeStamp(file, stamp) {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${stamp}\n`);
  await rename(temporary, file);
}
