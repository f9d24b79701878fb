/** Opens networks by file path. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';

import { RectioError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import type { NetworkFile } from './contract.js';
import { openGraphFile } from './graph-file.js';
import { openModuleFile } from './module-file.js';

type Opener = (path: string, signal?: AbortSignal) => Promise<NetworkFile>;

/** By file extension. */
const openers: { readonly [ending: string]: Opener } = {
  '.ts': openModuleFile,
  '.mts': openModuleFile,
  '.js': openModuleFile,
  '.mjs': openModuleFile,
  '.json': openGraphFile,
};

/** In bytes; the largest networks of the zoo need less than a hundredth of this. */
const largestFile = 100 * 2 ** 20;

const endings = Object.keys(openers);

/** Whether a network's name is a file path: it has a separator or an extension, unlike every name in the zoo. */
export function isNetworkFile(name: string): boolean {
  return /[\\/]|\.\w+$/.test(name);
}

/**
 * Opens a network file. A module (TypeScript or JavaScript) and its imports run in a separate thread. JSON is only
 * read.
 * @param signal stops the file's code; the call then fails with `interrupted`
 * @throws RectioError `usage` if there is no such file; `graph`, with the line, if it cannot run or returns no network;
 * `interrupted` after the signal
 */
export async function openNetworkFile(path: string, signal?: AbortSignal): Promise<NetworkFile> {
  await checkFile(path);
  const ending = extname(path);
  const open = Object.hasOwn(openers, ending) ? openers[ending] : undefined;
  if (open === undefined) {
    throw new RectioError(
      'usage',
      `${path} cannot be read as a network${ending === '' ? '' : `: its extension is ${ending}`}`,
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
      `${path} has ${found.size} bytes, which is too large for a network`,
      'Give a network file, which holds no weights.',
    );
  }
  if (!found.isDirectory() && !found.isFile()) {
    throw new RectioError(
      'usage',
      `${path} is not a file`,
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

/** Files in the folder that could be networks; none if the folder cannot be read. */
async function networkFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => endings.includes(extname(name)) && !name.endsWith('.d.ts')).toSorted();
}

/** The path of `name` in the folder of `path`, in the same spelling. */
function beside(path: string, name: string): string {
  return `${path.slice(0, path.length - basename(path).length)}${name}`;
}
