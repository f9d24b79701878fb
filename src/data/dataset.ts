/** A dataset as the rest of the project sees it: uint8 images of one shape, labels, and normalization constants. */

import type { FolderContents } from './contents.js';

/** Where the pixels of a split are stored. It is plain data, so a worker thread receives it without copying pixels. */
export type ImageSource =
  /** All images in sequence, each [C, H, W], or of the height and width that the split's `extents` give. */
  | { readonly kind: 'memory'; readonly images: SharedArrayBuffer }
  /**
   * The same layout in a file, starting at byte `offset`. Used when the images do not fit in memory. The file must begin
   * with the bytes of `mark`, in hexadecimal digits; otherwise it has been replaced.
   */
  | { readonly kind: 'file'; readonly path: string; readonly offset: number; readonly mark?: string };

/** One entry for each picture of a source, in its order. */
export interface Extents {
  readonly widths: Uint16Array;
  readonly heights: Uint16Array;
  /** The first byte of each, counted from the start of the split. */
  readonly starts: Float64Array;
}

export interface Split {
  readonly count: number;
  /** One class number per image. */
  readonly labels: Uint16Array;
  readonly source: ImageSource;
  /** If the source holds pictures of sizes of their own, in place of the dataset's shape: where each is. */
  readonly extents?: Extents;
  /** The position of each image in the source. Default: the source's own order. */
  readonly places?: Uint32Array;
}

export interface Dataset {
  /** The name that the user gives: `cifar10`, `synthetic`, or the folder's name. */
  readonly name: string;
  readonly classes: readonly string[];
  /** [channels, height, width] of every image. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Per channel, over the training split, for pixel values divided by 255. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly train: Split;
  readonly test: Split;
  /** Images from `holdOut` or a folder of their own. Nothing is learned from them; they choose the epoch. */
  readonly validation?: Split;
  /** `folder` only: the file of each test image, relative to the folder. */
  readonly testFiles?: readonly string[];
  /** `folder` only: what lies in the folder, and what of it is used. */
  readonly contents?: FolderContents;
  /** A hash of shapes, labels and a sample of the pixels. A run refuses to resume on data with another fingerprint. */
  readonly fingerprint: string;
}

/** A prepared batch, ready for an engine. */
export interface Batch {
  /** Position within the epoch, from 0. */
  readonly index: number;
  /** Number of real examples. If it is below the batch size, the remaining rows are zero (never in training). */
  readonly count: number;
  /** [N, C, H, W], normalized. */
  readonly images: Float32Array;
  /** [N, classes]: one-hot, or mixed by mixup. */
  readonly targets: Float32Array;
}
