/** Reads single images of a split, from memory or from a file. */

import { closeSync, openSync, readSync } from 'node:fs';

import { RectioError } from '../base/error.js';
import type { Dataset, Extents, ImageSource, Split } from './dataset.js';

export interface ImageReader {
  /** The buffer in which `read` makes pixels available. */
  readonly pixels: Uint8Array;
  /** Makes image `index` available and says where it begins in `pixels`. Valid until the next call. */
  read(index: number): PlacedImage;
  close(): void;
}

/** An image [channels, height, width] in a buffer. */
export interface PlacedImage {
  readonly at: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Opens a split for reading. Images are numbered like its labels. The reader throws RectioError `data` if the file is
 * missing or has become shorter.
 */
export function openImages(
  { source, extents, places }: Split,
  [channels, height, width]: Dataset['shape'],
): ImageReader {
  const most = extents === undefined ? height * width : largest(extents);
  const reader = openSource(source, channels * most);
  return {
    pixels: reader.pixels,
    read(number) {
      const index = places === undefined ? number : places[number]!;
      const high = extents === undefined ? height : extents.heights[index]!;
      const wide = extents === undefined ? width : extents.widths[index]!;
      const size = channels * high * wide;
      const start = extents === undefined ? index * size : extents.starts[index]!;
      return { at: reader.read(start, size, number), height: high, width: wide };
    },
    close: reader.close,
  };
}

function largest({ heights, widths }: Extents): number {
  return heights.reduce((most, height, index) => Math.max(most, height * widths[index]!), 0);
}

interface SourceReader {
  readonly pixels: Uint8Array;
  /** Makes `size` bytes from `start` on available and returns their offset in `pixels`. */
  read(start: number, size: number, index: number): number;
  close(): void;
}

/** @param most bytes of one image */
function openSource(source: ImageSource, most: number): SourceReader {
  if (source.kind === 'memory') {
    return { pixels: new Uint8Array(source.images), read: (start) => start, close: () => undefined };
  }
  const { path, offset, mark } = source;
  const pixels = new Uint8Array(most);
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
    pixels,
    read(start, size, index) {
      let got: number;
      try {
        file ??= openSync(path, 'r');
        if (!checked) checkMark(file, path, mark);
        checked = true;
        got = readSync(file, pixels, 0, size, offset + start);
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
