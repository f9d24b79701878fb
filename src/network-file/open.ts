/** Networks by the path of a file. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';

import { RectioError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import type { NetworkFile } from './contract.js';
import { openGraphFile } from './graph-file.js';
import { openModuleFile } from './module-file.js';

type Opener = (path: string, signal?: AbortSignal) => Promise<NetworkFile>;

/** By the file's ending. */
const openers: { readonly [ending: string]: Opener } = {
  '.ts': openModuleFile,
  '.mts': openModuleFile,
  '.js': openModuleFile,
  '.mjs': openModuleFile,
  '.json': openGraphFile,
};

/** In bytes; the largest networks of the zoo take less than a hundredth of it. */
const largestFile = 100 * 2 ** 20;

const endings = Object.keys(openers);

/** Whether a network's name is the path of a file: it has a separator or an ending, which names in the zoo never have. */
export function isNetworkFile(name: string): boolean {
  return /[\\/]|\.\w+$/.test(name);
}

/**
 * Opens a network's file. A module (TypeScript or JavaScript) is run, in a thread of its own, and with it what it imports;
 * nothing else is. JSON is only read.
 * @param signal ends the file's code, which then counts as `interrupted`
 * @throws RectioError `usage` where there is no such file, `graph` naming the line where it cannot be run or gives no
 * network, `interrupted` after the signal
 */
export async function openNetworkFile(path: string, signal?: AbortSignal): Promise<NetworkFile> {
  await checkFile(path);
  const ending = extname(path);
  const open = Object.hasOwn(openers, ending) ? openers[ending] : undefined;
  if (open === undefined) {
    throw new RectioError(
      'usage',
      `${path} cannot be read as a network${ending === '' ? '' : `: its ending is ${ending}`}`,
      `Give a file that ends in one of ${endings.join(', ')}.`,
    );
  }
  return open(path, signal);
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found === undefined) {
    const near = nearest(basename(path), await networkFilesIn(dirname(path)));
    throw new RectioError(
      'usage',
      `There is no file ${path}`,
      near.length > 0
        ? `Did you mean ${near.map((name) => beside(path, name)).join(' or ')}?`
        : 'Give the path of a network in TypeScript, JavaScript or JSON, or the name of one that rectio models lists.',
    );
  }
  if (found.size > largestFile) {
    throw new RectioError(
      'usage',
      `${path} has ${found.size} bytes, which no network needs`,
      'Give the file of a network; weights are not part of it.',
    );
  }
  if (!found.isDirectory() && !found.isFile()) {
    throw new RectioError(
      'usage',
      `${path} is no file`,
      'Give the path of a network in TypeScript, JavaScript or JSON.',
    );
  }
  if (found.isDirectory()) {
    const [first] = await networkFilesIn(path);
    throw new RectioError(
      'usage',
      `${path} is a folder`,
      first === undefined
        ? `Give the path of a network's file, which ends in one of ${endings.join(', ')}.`
        : `Give one of the files in it, such as ${path.replace(/[\\/]+$/, '')}/${first}.`,
    );
  }
}

/** The folder's files that could be networks; none where it cannot be read. */
async function networkFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => endings.includes(extname(name)) && !name.endsWith('.d.ts')).toSorted();
}

/** The path of `name` in the same folder, written in the same way. */
function beside(path: string, name: string): string {
  return `${path.slice(0, path.length - basename(path).length)}${name}`;
}
