/** What a folder of images holds and what becomes of it: plain data, shown before a training begins. */

/** Things of one kind: how many, and the first few of their names. */
export interface Finding {
  /** What they are and, if it is not obvious, why they are named. */
  readonly what: string;
  readonly count: number;
  /** At most `NAMED` of them, in order. */
  readonly names: readonly string[];
}

export interface ClassContents {
  readonly name: string;
  readonly train: number;
  readonly test: number;
  readonly validation: number;
}

/** Width and height in pixels, upright. */
export type PictureSize = readonly [width: number, height: number];

export interface SizesFound {
  /** By number of pixels. */
  readonly smallest: PictureSize;
  readonly largest: PictureSize;
  /** Number of different sizes. */
  readonly distinct: number;
}

export interface FolderContents {
  readonly root: string;
  /** With the images that are used. */
  readonly classes: readonly ClassContents[];
  /** Where each split comes from, in words. */
  readonly splits: { readonly train: string; readonly test: string; readonly validation: string | null };
  readonly sizes: SizesFound;
  /** In pixels, to which each image is scaled. */
  readonly shortSide: number;
  /** Whether what lies outside the middle is kept, for random crops. */
  readonly whole: boolean;
  /** What lies in the folder and is not used. */
  readonly passedOver: readonly Finding[];
  /** What is used but may surprise. */
  readonly remarks: readonly Finding[];
}

/** How many names a finding keeps. */
export const NAMED = 5;

/** Collects findings by kind, in the order in which the kinds first occur. */
export interface Tally {
  add(what: string, name: string): void;
  findings(): Finding[];
}

export function createTally(): Tally {
  const kinds = new Map<string, { count: number; names: string[] }>();
  return {
    add(what, name) {
      const found = kinds.get(what) ?? { count: 0, names: [] };
      found.count++;
      if (found.names.length < NAMED) found.names.push(name);
      kinds.set(what, found);
    },
    findings: () => Array.from(kinds, ([what, found]) => ({ what, ...found })),
  };
}
