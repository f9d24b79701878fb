/** Image files to pixels, through sharp. It is loaded when the first image is: nothing else needs it. */

import type { SharpConstructor } from 'sharp';

import { RectioError } from '../base/error.js';
import { readWhole } from './files.js';

/** @returns RGB, [3, size, size] */
export type Decoder = (path: string) => Promise<Uint8Array>;

/**
 * A decoder of JPEG, PNG and WebP: turned upright, scaled until the shorter side fits, cropped to the middle square.
 *
 * @throws RectioError `data` where sharp cannot be loaded; the decoder throws it for an image that does not decode.
 */
export async function openDecoder(size: number): Promise<Decoder> {
  const sharp = await loadSharp();
  // Many images are decoded at the same time: threads within one, and a memory of files, would only cost.
  sharp.concurrency(1);
  sharp.cache(false);
  return async (path) => {
    // Read here: for small files sharp's own reading takes longer than the decoding.
    const bytes = await readWhole(path);
    try {
      const { data, info } = await sharp(bytes, { failOn: 'error' })
        .autoOrient()
        .resize(size, size, { fit: 'cover' })
        .removeAlpha()
        .toColourspace('srgb')
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      return separateChannels(data, info.channels, size * size);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new RectioError(
        'data',
        `${path} cannot be decoded: ${reason}.`,
        'The image is damaged or not what its name says: repair or remove it.',
        { cause: error },
      );
    }
  };
}

async function loadSharp(): Promise<SharpConstructor> {
  try {
    const { default: sharp } = await import('sharp');
    return sharp;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n')[0] : String(error);
    throw new RectioError(
      'data',
      `Folders of images need the package sharp, which cannot be loaded: ${reason}`,
      'Install it with `npm install sharp`, on a platform that it has binaries for.',
      { cause: error },
    );
  }
}

/** From pixels with their channels side by side to one plane per channel; a single channel is taken three times. */
function separateChannels(data: Buffer, channels: number, plane: number): Uint8Array {
  const image = new Uint8Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const from = Math.min(channel, channels - 1);
    for (let i = 0; i < plane; i++) image[channel * plane + i] = data[i * channels + from]!;
  }
  return image;
}
