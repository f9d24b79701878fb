/** What a dataset is to the rest of the house: uint8 images of one shape, labels, and how to normalize them. */

/** Where the pixels of a split lie; plain data that a worker thread can be handed without copying. */
export type ImageSource =
  /** All images one after the other, each [C, H, W]. */
  | { readonly kind: 'memory'; readonly images: SharedArrayBuffer }
  /** The same, in a file from byte `offset` on: for what does not fit in memory. */
  | { readonly kind: 'file'; readonly path: string; readonly offset: number };

export interface Split {
  readonly count: number;
  /** One class number per image. */
  readonly labels: Uint16Array;
  readonly source: ImageSource;
  /** For each image its place in the source; without it they come as they lie there. */
  readonly places?: Uint32Array;
}

export interface Dataset {
  /** As the user names it: `cifar10`, `synthetic`, or the folder's name. */
  readonly name: string;
  readonly classes: readonly string[];
  /** [channels, height, width] of every image. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Per channel, of pixel values divided by 255, over the training split. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly train: Split;
  readonly test: Split;
  /** Images of the training split that were held out (`holdOut`): nothing is learned from them. */
  readonly validation?: Split;
  /** A hash over shapes, labels and (a sample of) pixels; a run refuses to resume on other data. */
  readonly fingerprint: string;
}

/** A prepared batch, ready for an engine. */
export interface Batch {
  /** Its number within the epoch, from 0. */
  readonly index: number;
  /** Examples that count; where it is below the batch size, the remaining rows are zero (never in training). */
  readonly count: number;
  /** [N, C, H, W], normalized. */
  readonly images: Float32Array;
  /** [N, classes]: one-hot, or mixed by mixup. */
  readonly targets: Float32Array;
}
