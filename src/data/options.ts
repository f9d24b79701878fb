/** Options for opening a dataset, and the default folders for data and caches. */

import { join } from 'node:path';

import { cacheFolder } from '../system/cache.js';

/** Ways to resize, from sharp to soft. */
export const interpolations = ['lanczos', 'cubic', 'linear', 'nearest'] as const;
export type Interpolation = (typeof interpolations)[number];

export interface OpenOptions {
  /** The dataset's folder, or the official archive. Default: where `rectio data get` puts it. */
  readonly dir?: string;
  /** Seed for generated images and random splits. Default 0. */
  readonly seed?: number;
  /** Maximum number of images per split. */
  readonly limit?: number;
  /** `folder` only: side in pixels of what a network sees of every image. Default 32. */
  readonly size?: number;
  /** `folder` only: `size` is this share of the short side to which images are resized, 0.25 to 1. Default 1. */
  readonly cropPercent?: number;
  /** `folder` only: keep what lies outside the middle, for random crops. Default false. */
  readonly whole?: boolean;
  /** `folder` only: how images are resized when they are decoded. Default lanczos. */
  readonly interpolation?: Interpolation;
  /** `folder` only: leave out images that cannot be decoded, instead of refusing the folder. Default false. */
  readonly skipBroken?: boolean;
  /** `folder` only: where decoded images are cached. Default: below Rectio's cache folder. */
  readonly cacheDir?: string;
  /** `folder` only: called as images are decoded for the first time. */
  readonly onProgress?: (done: number, total: number) => void;
  /** `folder` only: stops the decoding. */
  readonly signal?: AbortSignal;
}

/** Where `rectio data get NAME` puts a dataset, and where `openDataset` looks if no folder is named. */
export function defaultDataDir(name: string): string {
  return join(cacheFolder(), 'data', name);
}
