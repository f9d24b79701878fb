/** Tells of a folder of images before a training begins: what is used, how, and what is passed over. */

import { formatCount } from '../../base/numbers.js';
import type { Finding, FolderContents, PictureSize } from '../../data/index.js';
import type { Screen } from './output.js';
import { nameFlags } from './setting-names.js';
import { roomIn } from './status-line.js';
import { wrapText } from './wrap.js';

/** More classes are told by their number and their extremes. */
const CLASSES_NAMED = 20;

/** @param side in pixels, of what a network sees */
export function printFolderContents(contents: FolderContents, side: number, screen: Screen): void {
  const { root, splits, sizes, passedOver, remarks } = contents;
  const lines = [
    `images in ${root}`,
    `  ${classesIn(contents)}`,
    `  training: ${splits.train}`,
    `  test: ${nameFlags(splits.test)}`,
    ...(splits.validation === null ? [] : [`  validation: ${splits.validation}`]),
    `  sizes: ${sizesIn(sizes)}, ${viewOf(contents, side)}`,
    ...remarks.map((finding) => `  note: ${tell(finding)}`),
    ...passedOver.map((finding) => `  passed over: ${tell(finding)}`),
  ];
  for (const line of lines) screen.write(`${wrapText(visible(line), roomIn(screen))}\n`);
}

/** `classes (training + test images): cat 11 + 1, dog 11 + 1` */
function classesIn({ classes, splits }: FolderContents): string {
  const held = splits.validation !== null;
  const counts = classes.map(({ name, train, test, validation }) => ({
    name,
    train,
    text: [train, test, ...(held ? [validation] : [])].map(formatCount).join(' + '),
  }));
  const what = `classes (training + test${held ? ' + validation' : ''} images)`;
  if (counts.length <= CLASSES_NAMED) return `${what}: ${counts.map(({ name, text }) => `${name} ${text}`).join(', ')}`;
  const sorted = counts.toSorted((a, b) => a.train - b.train);
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  const first = counts.slice(0, 3).map(({ name, text }) => `${name} ${text}`);
  return (
    `${formatCount(counts.length)} ${what}: ${first.join(', ')}, …; fewest: ${least.name} ${least.text}; ` +
    `most: ${most.name} ${most.text}`
  );
}

function sizesIn({ smallest, largest, distinct }: FolderContents['sizes']): string {
  const text = (size: PictureSize): string => size.join('×');
  if (distinct === 1) return `all ${text(smallest)} pixels`;
  return `${text(smallest)} to ${text(largest)} pixels (${formatCount(distinct)} different)`;
}

function viewOf({ shortSide, whole }: FolderContents, side: number): string {
  if (shortSide === side && !whole) return `each scaled to ${side}×${side} and cropped to its middle`;
  const short = `each scaled to ${shortSide} pixels on its short side`;
  const middle = `its middle ${side}×${side}`;
  return whole ? `${short}: random crops for training, ${middle} for testing` : `${short} and cropped to ${middle}`;
}

/** `3 .heic files, a format that cannot be read (cat/a.heic, cat/b.heic, …)` */
function tell({ what, count, names }: Finding): string {
  return `${formatCount(count)} ${what} (${names.join(', ')}${count > names.length ? ', …' : ''})`;
}

/** A file's name may hold what a terminal takes for a command. */
export function visible(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
