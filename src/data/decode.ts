/** Decodes image files with sharp, which is loaded only when a folder of images is opened. */

import type { SharpConstructor } from 'sharp';

import { RectioError } from '../base/error.js';
import { readWhole } from './files.js';

/** @returns RGB, [3, size, size] */
export type Decoder = (path: string) => Promise<Uint8Array>;

/**
 * Opens a decoder for JPEG, PNG and WebP. It turns each image upright, scales the shorter side to `size` and crops the
 * central square.
 *
 * @throws RectioError `data` if sharp cannot be loaded; the decoder throws it for an image that cannot be decoded.
 */
export async function openDecoder(size: number): Promise<Decoder> {
  const sharp = await loadSharp();
  // Many images are decoded in parallel, so sharp's own threads and file cache would only add overhead.
  sharp.concurrency(1);
  sharp.cache(false);
  return async (path) => {
    // For small files, sharp's own reading takes longer than the decoding.
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
        'The image is damaged, or its format does not match its name: repair or remove it.',
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
      `Folders of images need the package sharp, which could not be loaded: ${reason}`,
      'Install it with `npm install sharp` on a platform that sharp has binaries for.',
      { cause: error },
    );
  }
}

/** Turns interleaved channels into one plane per channel. A gray image fills all three planes. */
function separateChannels(data: Buffer, channels: number, plane: number): Uint8Array {
  const image = new Uint8Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const from = Math.min(channel, channels - 1);
    for (let i = 0; i < plane; i++) image[channel * plane + i] = data[i * channels + from]!;
  }
  return image;
}
