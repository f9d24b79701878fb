/** Finds the pictures of a class. Whatever else lies there is put into the tally. */

import { relative } from 'node:path';

import type { Tally } from './contents.js';
import { isReadablePicture, isSystems, kindOfOther, promiseOf, SIGNATURE_BYTES } from './file-kinds.js';
import { readStart } from './files.js';
import { entriesOf, type Entry, type FileStamp } from './folder-entries.js';

export interface ImageFile {
  readonly path: string;
  /** Undefined if the file cannot be examined; then there is a `fault`. */
  readonly stamp?: FileStamp;
  /** Why it cannot be an image whatever its bytes, in words. */
  readonly fault?: string;
}

/** An image and the number of its class. */
export interface LabelledImage extends ImageFile {
  readonly label: number;
}

/** Where a walk puts what it finds; names are relative to `root`. */
export interface Walk {
  readonly root: string;
  /** What is passed over. */
  readonly tally: Tally;
  /** What is used but may surprise. */
  readonly remarks: Tally;
}

/** Whether an entry is hidden or a system's own; if so, it is in the tally now. */
export function passOverHidden({ name, path }: Entry, { root, tally }: Walk): boolean {
  if (isSystems(name)) tally.add('files and folders of the system', relative(root, path));
  else if (name.startsWith('.')) tally.add('hidden files and folders', relative(root, path));
  else return false;
  return true;
}

/**
 * The pictures in a folder and its subfolders, in the order of their names.
 * @throws RectioError `data` if a folder cannot be read
 */
export async function imagesBelow(folder: Entry, walk: Walk): Promise<ImageFile[]> {
  const images: ImageFile[] = [];
  const seen = new Set([folder.stamp?.identity]);
  const visit = async (path: string): Promise<void> => {
    for (const entry of await entriesOf(path)) {
      if (passOverHidden(entry, walk)) continue;
      if (entry.kind !== 'folder' || !entry.utf8) {
        images.push(...(await imagesIn(entry, walk)));
      } else if (seen.has(entry.stamp?.identity)) {
        // A link to a folder above would never end; one to a folder beside would count its images twice.
        walk.tally.add('links to folders that are read already', relative(walk.root, entry.path));
      } else {
        seen.add(entry.stamp?.identity);
        await visit(entry.path);
      }
    }
  };
  await visit(folder.path);
  return images;
}

/** The entry as an image, or nothing if it is none. */
async function imagesIn(entry: Entry, { root, tally }: Walk): Promise<ImageFile[]> {
  const { name, path, kind, stamp, fault } = entry;
  if (!entry.utf8) {
    tally.add('names that are not UTF-8; rename them, for example with convmv', relative(root, path));
    return [];
  }
  if (await looksLikePicture(entry)) {
    return [{ path, ...(stamp === undefined ? {} : { stamp }), ...(fault === undefined ? {} : { fault }) }];
  }
  tally.add(kind === 'file' ? kindOfOther(name) : 'links without a target, pipes and devices', relative(root, path));
  return [];
}

/** Whether a file is to be decoded. A file whose ending is of no use must also begin like a picture. */
export async function looksLikePicture({ name, path, kind }: Entry): Promise<boolean> {
  const promise = promiseOf(name);
  if (promise !== 'maybe' || kind !== 'file') return promise === 'picture';
  return isReadablePicture(await readStart(path, SIGNATURE_BYTES));
}
