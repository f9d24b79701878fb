/** Reads single images of a split, from memory or from a file. */

import { closeSync, openSync, readSync } from 'node:fs';

import { RectioError } from '../base/error.js';
import type { Dataset, ImageSource, Split } from './dataset.js';

export interface ImageReader {
  /** Values per image: C · H · W. */
  readonly size: number;
  /** The buffer in which `read` makes pixels available. */
  readonly pixels: Uint8Array;
  /** Makes image `index` available and returns its offset in `pixels`. Valid until the next call. */
  read(index: number): number;
  close(): void;
}

/**
 * Opens a split for reading. Images are numbered like its labels. The reader throws RectioError `data` if the file is
 * missing or has become shorter.
 */
export function openImages(split: Split, shape: Dataset['shape']): ImageReader {
  const reader = openSource(split.source, shape[0] * shape[1] * shape[2]);
  const { places } = split;
  return places === undefined ? reader : { ...reader, read: (index) => reader.read(places[index]!) };
}

function openSource(source: ImageSource, size: number): ImageReader {
  if (source.kind === 'memory') {
    return { size, pixels: new Uint8Array(source.images), read: (index) => index * size, close: () => undefined };
  }
  const { path, offset, mark } = source;
  const pixels = new Uint8Array(size);
  let file: number | undefined;
  let checked = false;
  const fail = (what: string, cause?: unknown) =>
    new RectioError(
      'data',
      `${path}: ${what}.`,
      'Delete the file and run the command again: the file is then rebuilt.',
      { cause },
    );
  return {
    size,
    pixels,
    read(index) {
      let got: number;
      try {
        file ??= openSync(path, 'r');
        if (!checked) checkMark(file, path, mark);
        checked = true;
        got = readSync(file, pixels, 0, size, offset + index * size);
      } catch (error) {
        if (error instanceof RectioError) throw error;
        throw fail(`image ${index} cannot be read`, error);
      }
      if (got !== size) throw fail(`image ${index} is truncated`);
      return 0;
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
      checked = false;
    },
  };
}

/** @throws RectioError `data` if the file has been replaced since it was chosen as a source */
function checkMark(file: number, path: string, mark: string | undefined): void {
  if (mark === undefined) return;
  const start = Buffer.alloc(mark.length / 2);
  readSync(file, start, 0, start.length, 0);
  if (start.toString('hex') === mark) return;
  throw new RectioError(
    'data',
    `${path} now holds other images: the folder was changed, and another training decoded it again.`,
    'Start the training again, with the folder as it is now.',
  );
}
