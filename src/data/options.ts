/** What a user can say about a dataset besides its name, and where things are kept by default. */

import { homedir } from 'node:os';
import { join } from 'node:path';

export interface OpenOptions {
  /** Where the files lie: a folder, or the official archive. Default: where `rectio data get` puts them. */
  readonly dir?: string;
  /** What generated images and random splits are drawn from. Default 0. */
  readonly seed?: number;
  /** At most this many images of each split. */
  readonly limit?: number;
  /** `folder` only: side in pixels that every image is resized and cropped to. Default 32. */
  readonly size?: number;
  /** `folder` only: where decoded images are kept. Default: below Rectio's cache folder. */
  readonly cacheDir?: string;
  /** `folder` only: told while images are decoded for the first time. */
  readonly onProgress?: (done: number, total: number) => void;
  /** `folder` only: stops the decoding. */
  readonly signal?: AbortSignal;
}

/** Where downloads and decoded images are kept: below XDG_CACHE_HOME, by default ~/.cache. */
export function defaultCacheDir(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rectio');
}

/** Where `rectio data get NAME` puts a dataset, and where it is looked for when no folder is named. */
export function defaultDataDir(name: string): string {
  return join(defaultCacheDir(), 'data', name);
}
