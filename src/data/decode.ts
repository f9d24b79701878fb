/** Decodes image files with sharp, which is loaded only when a folder of images is opened. */

import { createHash } from 'node:crypto';

import type { Metadata, Sharp, SharpConstructor } from 'sharp';

import { RectioError } from '../base/error.js';
import { readAll } from '../system/durable.js';
import { errorCode } from '../system/errno.js';
import { usableMemory } from '../system/machine.js';
import type { PictureSize } from './contents.js';
import { describeBytes, isReadablePicture } from './file-kinds.js';
import { withFile } from './files.js';
import type { FileStamp } from './folder-entries.js';
import type { ImageFile } from './folder-walk.js';
import type { Interpolation } from './options.js';

export interface Picture {
  readonly kind: 'picture';
  /** RGB, [3, height, width] */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Upright, before scaling. */
  readonly size: PictureSize;
  /** More than one for an animation. */
  readonly pages: number;
  /** Of the file's bytes. */
  readonly digest: string;
}

/** A file that is no usable image; `reason` finishes the sentence `… cannot be decoded: `. */
export interface Fault {
  readonly kind: 'fault';
  readonly reason: string;
}

/** A file that takes so much memory that it must be decoded by itself. */
export interface TooMuchAtOnce {
  readonly kind: 'large';
}

/** @param alone whether no other file is decoded at the same time */
export type Decoder = (file: ImageFile, alone: boolean) => Promise<Picture | Fault | TooMuchAtOnce>;

/** libvips' own limit, too: 2¹⁴ − 1 squared. */
const MOST_PIXELS = 16_383 ** 2;
/** What decoding one image may take, whatever the machine has. */
const MOST_BYTES = 640 * 2 ** 20;
/** What every machine has for it. */
const LEAST_BYTES = 128 * 2 ** 20;
/** What one of many images that are decoded at once may take: its file, and the decoding. */
const SHARED_FILE_BYTES = 8 * 2 ** 20;
const SHARED_BYTES = 96 * 2 ** 20;
/** No honest picture takes as long; some made by hand never end. */
const MOST_SECONDS = 60;
/** What is kept of an image is at most this much longer than wide. */
export const WHOLE_RATIO = 2;
/** Beyond this ratio of its sides, an image is cropped before it is scaled. */
const EXTREME_RATIO = 32;

/** What becomes of an image. */
export interface DecodedForm {
  /** Side of the middle that is cropped, in pixels. */
  readonly size: number;
  /** To which the shorter side is scaled; `size` or more. */
  readonly shortSide: number;
  /** Whether what lies outside the middle is kept. */
  readonly whole: boolean;
  readonly interpolation: Interpolation;
}

const kernels = { lanczos: 'lanczos3', cubic: 'cubic', linear: 'linear', nearest: 'nearest' } as const satisfies {
  readonly [I in Interpolation]: string;
};

/**
 * Opens a decoder for JPEG, PNG, WebP, GIF, TIFF and AVIF. It turns each image upright, leaves out its alpha channel,
 * scales the shorter side and crops the central square, or only what makes the image longer than `WHOLE_RATIO`. Of an
 * animation it takes the first frame. The cost of an image is estimated from its header, before anything is allocated for
 * its pixels.
 *
 * @throws RectioError `data` if sharp cannot be loaded; the decoder throws it for a file that changes under its hands.
 */
export async function openDecoder(form: DecodedForm): Promise<Decoder> {
  const sharp = await loadSharp();
  // Many images are decoded in parallel, so sharp's own threads and file cache would only add overhead.
  sharp.concurrency(1);
  sharp.cache(false);
  const budget = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, usableMemory() / 4));
  return async ({ path, stamp, fault }, alone) => {
    if (fault !== undefined || stamp === undefined) return { kind: 'fault', reason: fault ?? 'it cannot be examined' };
    if (stamp.bytes > budget / 2) return { kind: 'fault', reason: `its ${inMiB(stamp.bytes)} are too many to read` };
    if (stamp.bytes > SHARED_FILE_BYTES && !alone) return { kind: 'large' };
    const bytes = await readUnchanged(path, stamp);
    if (!Buffer.isBuffer(bytes)) return bytes;
    if (!isReadablePicture(bytes)) return { kind: 'fault', reason: describeBytes(bytes) };
    try {
      const picture = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata();
      const cost = decodingBytes(picture);
      const reason = unfit(picture, cost, budget);
      if (reason !== undefined) return { kind: 'fault', reason };
      if (cost > SHARED_BYTES && !alone) return { kind: 'large' };
      return {
        kind: 'picture',
        ...(await scaled(sharp, bytes, picture, form)),
        size: [picture.autoOrient.width, picture.autoOrient.height],
        pages: picture.pages ?? 1,
        digest: createHash('sha256').update(bytes).digest('base64url').slice(0, 16),
      };
    } catch (error) {
      return { kind: 'fault', reason: whyDamaged(error) };
    }
  };
}

async function scaled(
  sharp: SharpConstructor,
  bytes: Buffer,
  picture: Metadata,
  form: DecodedForm,
): Promise<Pick<Picture, 'pixels' | 'height' | 'width'>> {
  const opened = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS }).timeout({ seconds: MOST_SECONDS });
  // Scaling mixes colors by their alpha, so an image with alpha would look different at each size.
  const upright = picture.hasAlpha ? await withoutAlpha(sharp, opened) : opened.autoOrient();
  const [width, height] = scaledSize(picture, form);
  const kernel = kernels[form.interpolation];
  const resized = withoutEnds(upright, picture).resize(width, height, { fit: 'cover', kernel });
  const { data, info } = await middleOf(resized, width, height, form)
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const pixels = separateChannels(data, info.channels, info.width * info.height);
  return { pixels, width: info.width, height: info.height };
}

/** Width and height to which an image is scaled. */
function scaledSize({ autoOrient: { width, height } }: Metadata, { whole, shortSide, size }: DecodedForm): PictureSize {
  const ratio = Math.max(width, height) / Math.min(width, height);
  if ((!whole && shortSide === size) || ratio > EXTREME_RATIO) return [shortSide, shortSide];
  const long = Math.round(shortSide * Math.min(WHOLE_RATIO, ratio));
  return width < height ? [shortSide, long] : [long, shortSide];
}

function middleOf(image: Sharp, width: number, height: number, { whole, size }: DecodedForm): Sharp {
  if (whole || (width === size && height === size)) return image;
  return image.extract({ left: (width - size) >> 1, top: (height - size) >> 1, width: size, height: size });
}

async function withoutAlpha(sharp: SharpConstructor, opened: Sharp): Promise<Sharp> {
  const { data, info } = await opened
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } }).timeout({ seconds: MOST_SECONDS });
}

/** The middle of a very long image: the rest would be cropped anyway, and scaling all of it overflows. */
function withoutEnds(upright: Sharp, { autoOrient: { width, height } }: Metadata): Sharp {
  const side = Math.min(width, height);
  if (Math.max(width, height) <= EXTREME_RATIO * side) return upright;
  return upright.extract({
    left: Math.floor((width - side) / 2),
    top: Math.floor((height - side) / 2),
    width: side,
    height: side,
  });
}

/** Bytes per pixel that decoding takes, measured on images of 48 megapixels (sharp 0.35, libvips 8.18), rounded up. */
function decodingBytes({
  format,
  width,
  height,
  channels,
  depth,
  isProgressive,
  hasAlpha,
  autoOrient,
}: Metadata): number {
  const whole = channels * (depth === 'ushort' ? 2 : 1);
  const turned = autoOrient.width !== width ? whole : 0;
  const rules: { readonly [format: string]: number } = {
    // Of a progressive JPEG or an interlaced PNG, every pixel is in memory at once.
    jpeg: isProgressive ? 3.5 : 1,
    png: isProgressive ? whole + 1 : 1,
    webp: 4,
    gif: 5,
    tiff: whole + 1,
    heif: 20,
  };
  return width * height * ((rules[format] ?? 8) + turned + (hasAlpha ? 2 * whole : 0));
}

/** Why an intact image is refused, in words. */
function unfit({ format, width, height, depth }: Metadata, cost: number, budget: number): string | undefined {
  if (width * height > MOST_PIXELS || cost > budget) {
    const most = Math.min(MOST_PIXELS, (budget / cost) * width * height);
    return (
      `its ${width}×${height} pixels are too many; at most ${Math.floor(most / 1e6)} million are decoded of a ` +
      `${format === 'heif' ? 'AVIF' : format.toUpperCase()} file like it: scale it down`
    );
  }
  if (depth !== 'uchar' && depth !== 'ushort') {
    return `its pixels are of the type ${depth}; save it with 8 or 16 bits for each channel`;
  }
  return undefined;
}

/** Reads a file that is as it was when it was listed. */
async function readUnchanged(path: string, stamp: FileStamp): Promise<Buffer | Fault> {
  try {
    return await withFile(path, async (file) => {
      const bytes = Buffer.allocUnsafeSlow(stamp.bytes);
      const whole = await readAll(file, bytes, 0);
      const now = await file.stat({ bigint: true });
      if (
        !whole ||
        Number(now.size) !== stamp.bytes ||
        now.mtimeNs !== stamp.modified ||
        now.ctimeNs !== stamp.changed
      ) {
        throw changedMeanwhile(path);
      }
      return bytes;
    });
  } catch (error) {
    if (error instanceof RectioError) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT') throw changedMeanwhile(path);
    const reason = code === 'EACCES' || code === 'EPERM' ? 'you may not read it' : String(error);
    return { kind: 'fault', reason };
  }
}

function changedMeanwhile(path: string): RectioError {
  return new RectioError(
    'data',
    `${path} was changed while the images were being read.`,
    'Wait until nothing writes to the folder any more, and start again.',
  );
}

function whyDamaged(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  const first = lines[0]!.replace(/^Input (file|buffer) has corrupt header: /, '').replace(/\.$/, '');
  return `it is damaged or cut short (${first})`;
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
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
