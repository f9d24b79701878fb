/** What decoding shows about a folder's images: sizes, broken files, duplicates. The cache keeps it with the pixels. */

import { relative } from 'node:path';

import { aCount, aText, fields, listOf } from '../base/parse.js';
import { createTally, type Finding, type PictureSize, type SizesFound } from './contents.js';
import type { Fault, Picture } from './decode.js';
import type { LabelledImage } from './folder-walk.js';

export interface Broken {
  /** Position among all images: training, test, validation. */
  readonly index: number;
  readonly reason: string;
}

export interface Facts {
  readonly broken: readonly Broken[];
  /** Width and height of each decoded image, one after the other. */
  readonly extents: readonly number[];
  readonly sizes: SizesFound;
  readonly remarks: readonly Finding[];
}

/** Collects the facts while images are decoded. */
export interface Census {
  add(index: number, result: Picture | Fault): void;
  facts(): Facts;
}

/** @param trained number of training images; they come first */
export function createCensus(root: string, files: readonly LabelledImage[], trained: number): Census {
  const broken: Broken[] = [];
  const tally = createTally();
  const extents: number[] = [];
  const sizes = new Set<string>();
  const first = new Map<string, number>();
  let smallest: PictureSize | undefined;
  let largest: PictureSize | undefined;
  const nameOf = (index: number): string => relative(root, files[index]!.path);

  const compare = (index: number, { digest }: Picture): void => {
    const before = first.get(digest);
    if (before === undefined) {
      first.set(digest, index);
      return;
    }
    const pair = `${nameOf(before)} = ${nameOf(index)}`;
    const crosses = before < trained !== index < trained;
    if (crosses) tally.add('images that are both in the training images and outside them, file for file', pair);
    if (files[before]!.label !== files[index]!.label) tally.add('images that are in two classes, file for file', pair);
  };

  return {
    add(index, result) {
      if (result.kind === 'fault') {
        broken.push({ index, reason: result.reason });
        return;
      }
      const { size, pages, width, height } = result;
      extents.push(width, height);
      sizes.add(size.join('×'));
      if (smallest === undefined || area(size) < area(smallest)) smallest = size;
      if (largest === undefined || area(size) > area(largest)) largest = size;
      if (pages > 1) tally.add('images of several frames or pages, of which the first is used', nameOf(index));
      compare(index, result);
    },
    facts: () => ({
      broken,
      extents,
      sizes: { smallest: smallest ?? [0, 0], largest: largest ?? [0, 0], distinct: sizes.size },
      remarks: tally.findings(),
    }),
  };
}

function area([width, height]: PictureSize): number {
  return width * height;
}

const aSize = (value: unknown, place: string): PictureSize => {
  const [width = 0, height = 0] = listOf(aCount)(value, place);
  return [width, height];
};

const parse = fields<Facts>({
  broken: listOf(fields<Broken>({ index: aCount, reason: aText })),
  extents: listOf(aCount),
  sizes: fields<SizesFound>({ smallest: aSize, largest: aSize, distinct: aCount }),
  remarks: listOf(fields<Finding>({ what: aText, count: aCount, names: listOf(aText) })),
});

/** @throws SyntaxError or RectioError if the text is not what `Facts` is as JSON */
export function parseFacts(text: string): Facts {
  return parse(JSON.parse(text), '');
}
