/** Finds out how a folder of images is laid out: which folders are splits, which are classes, and which are neither. */

import { readdir } from 'node:fs/promises';
import { basename, relative } from 'node:path';

import { RectioError } from '../base/error.js';
import { unreadable } from './files.js';
import { entriesOf, type Entry } from './folder-entries.js';
import { kindOfOther } from './file-kinds.js';
import { looksLikePicture, passOverHidden, type Walk } from './folder-walk.js';
import { createTally } from './contents.js';

export const splitNames = ['train', 'test', 'validation'] as const;
export type SplitName = (typeof splitNames)[number];

export interface ClassFolders {
  /** In Unicode's composed form, NFC. */
  readonly name: string;
  /** The folders with the images of each split: usually one, or none. */
  readonly folders: Readonly<Record<SplitName, readonly Entry[]>>;
}

export interface Layout {
  readonly classes: readonly ClassFolders[];
  /** The name of each split's folder relative to the root; null if there is none. */
  readonly sources: Readonly<Record<SplitName, string | null>>;
}

const MOST_CLASSES = 65_536;
/** How many folders may lie around the real one, as in photos/photos/train. */
const MOST_WRAPPERS = 4;

/** All usual names of the splits, compared in lower case: `Training`, `test_set`, `valid`, `seg_train`. */
const splitPatterns: Readonly<Record<SplitName, RegExp>> = {
  train: splitPattern('train|training'),
  test: splitPattern('test|testing'),
  validation: splitPattern('val|valid|validation|validate|dev|eval|evaluation'),
};

function splitPattern(words: string): RegExp {
  return new RegExp(`^(?:seg[ _-]?)?(?:${words})(?:[ _-]?(?:set|data|images|imgs|split))?$`);
}

function splitOf(name: string): SplitName | undefined {
  const plain = name.normalize('NFC').trim().toLowerCase();
  return splitNames.find((split) => splitPatterns[split].test(plain));
}

/** @throws RectioError `data` if the folder has no layout that could be meant, or more than one */
export async function findLayout(walk: Walk, folder: string = walk.root, wrappers = 0): Promise<Layout> {
  const level = await readLevel(folder, walk);
  const splits = level.folders.filter(({ name }) => splitOf(name) !== undefined);
  const plain = level.folders.filter(({ name }) => splitOf(name) === undefined);
  const inside = await wrapped(folder, level, splits.length);
  if (inside !== undefined && wrappers < MOST_WRAPPERS) return findLayout(walk, inside.path, wrappers + 1);
  if (splits.length > 0) return splitLayout(folder, splits, plain, walk);
  return (await classFirstLayout(folder, plain, walk)) ?? classLayout(folder, plain, walk);
}

/** What lies in a folder, without what is hidden. */
interface Level {
  readonly folders: readonly Entry[];
  readonly pictures: readonly Entry[];
  readonly others: readonly Entry[];
}

/**
 * Reads a folder of folders, and passes over what lies loose in it.
 * @throws RectioError `data` for what may be a class but cannot be read
 */
async function readLevel(folder: string, walk: Walk): Promise<Level> {
  const level = await look(folder, walk);
  for (const entry of [...level.folders, ...level.others]) {
    if (entry.kind === 'broken link' || (entry.kind === 'folder' && !entry.utf8)) throw lostFolder(entry);
  }
  const { root, tally } = walk;
  for (const { path } of level.pictures) tally.add('images that lie in no class folder', relative(root, path));
  for (const { name, path, kind } of level.others) {
    tally.add(kind === 'file' ? kindOfOther(name) : 'pipes, sockets and devices', relative(root, path));
  }
  return level;
}

function lostFolder({ path, fault }: Entry): RectioError {
  return new RectioError(
    'data',
    `${path} may be a class, but cannot be read: ${fault ?? 'it cannot be opened'}.`,
    'Make it readable (mount the disk, mend the link, or rename the folder in UTF-8), or remove it.',
  );
}

async function look(folder: string, walk: Walk): Promise<Level> {
  const folders: Entry[] = [];
  const pictures: Entry[] = [];
  const others: Entry[] = [];
  for (const entry of await entriesOf(folder)) {
    if (passOverHidden(entry, walk)) continue;
    if (entry.kind === 'folder') folders.push(entry);
    else if (entry.kind === 'file' && entry.utf8 && (await looksLikePicture(entry))) pictures.push(entry);
    else others.push(entry);
  }
  return { folders, pictures, others };
}

/** Looks into a folder without noting anything. */
function peek({ path }: Entry): Promise<Level> {
  return look(path, { root: path, tally: createTally(), remarks: createTally() });
}

/**
 * The only folder in a folder, if it just wraps the data once more: it has the same name, as archives often do, or it
 * holds the splits.
 */
async function wrapped(folder: string, { folders, pictures }: Level, splits: number): Promise<Entry | undefined> {
  const [only, ...rest] = folders;
  if (only === undefined || rest.length > 0 || pictures.length > 0 || !only.utf8) return undefined;
  const inside = await peek(only);
  if (inside.folders.length === 0) return undefined;
  if (sameName(only.name, basename(folder))) return only;
  return splits === 0 && inside.folders.some(({ name }) => splitOf(name) === 'train') ? only : undefined;
}

function sameName(a: string, b: string): boolean {
  return a.normalize('NFC').toLowerCase() === b.normalize('NFC').toLowerCase();
}

/** Classes right in the folder: `CLASS/*.jpg`. */
function classLayout(folder: string, plain: readonly Entry[], { root }: Walk): Layout {
  const classes = groupByName(folder, plain);
  return {
    classes: Array.from(classes, ([name, folders]) => ({
      name,
      folders: { train: folders, test: [], validation: [] },
    })),
    sources: { train: relative(root, folder), test: null, validation: null },
  };
}

/** Classes by their name in NFC, in order: two folders whose names look the same are one class. */
function groupByName(folder: string, folders: readonly Entry[]): Map<string, Entry[]> {
  const classes = new Map<string, Entry[]>();
  for (const entry of folders) {
    const name = entry.name.normalize('NFC');
    classes.set(name, [...(classes.get(name) ?? []), entry]);
  }
  if (classes.size < 2) {
    throw new RectioError(
      'data',
      `${folder} holds ${classes.size === 0 ? 'no folder' : 'only one folder'} of images.`,
      'Make one folder per class, at least two: CLASS/*.jpg, or train/CLASS/*.jpg and test/CLASS/*.jpg. ' +
        'If the classes lie deeper, name their folder with `data.dir`.',
    );
  }
  if (classes.size > MOST_CLASSES) {
    throw new RectioError(
      'data',
      `${folder} holds ${classes.size} folders.`,
      `A dataset can have at most ${MOST_CLASSES} classes.`,
    );
  }
  return new Map([...classes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Splits outside, classes inside: `train/CLASS/*.jpg`. */
async function splitLayout(
  folder: string,
  splits: readonly Entry[],
  plain: readonly Entry[],
  walk: Walk,
): Promise<Layout> {
  const found = await soleSplits(folder, splits);
  const { train } = found;
  if (train === undefined) return besideClasses(folder, splits, plain, walk);
  const inTrain = await peek(train);
  if (inTrain.folders.length === 0) {
    if (isClassNamedTrain(inTrain, splits, plain)) {
      walk.remarks.add('folders taken as classes, since they hold images and no folders', train.name);
      return classLayout(folder, [...plain, train], walk);
    }
    throw new RectioError(
      'data',
      `${train.path} holds no folder of images.`,
      'Make one folder per class in it: train/CLASS/*.jpg.',
    );
  }
  for (const { path } of plain) {
    walk.tally.add('folders beside the splits', relative(walk.root, path));
  }
  const trainRoot = await unwrap(train, walk);
  const classes = groupByName(trainRoot.path, (await readLevel(trainRoot.path, walk)).folders);
  const rest = {
    test: await classesOf(found.test, classes, walk),
    validation: await classesOf(found.validation, classes, walk),
  };
  const sourceOf = (split: 'test' | 'validation') =>
    rest[split] === undefined ? null : relative(walk.root, found[split]!.path);
  return {
    classes: Array.from(classes, ([name, folders]) => ({
      name,
      folders: { train: folders, test: rest.test?.get(name) ?? [], validation: rest.validation?.get(name) ?? [] },
    })),
    sources: { train: relative(walk.root, train.path), test: sourceOf('test'), validation: sourceOf('validation') },
  };
}

/** A vehicle, say: `train/` holds images itself, as the classes beside it do, and nothing else looks like a split. */
function isClassNamedTrain(inside: Level, splits: readonly Entry[], plain: readonly Entry[]): boolean {
  return inside.pictures.length > 0 && plain.length > 0 && splits.length === 1;
}

/** The folder of each split. @throws RectioError `data` if a split has two */
async function soleSplits(
  folder: string,
  splits: readonly Entry[],
): Promise<Partial<Readonly<Record<SplitName, Entry>>>> {
  const found: Partial<Record<SplitName, Entry>> = {};
  for (const entry of splits) {
    const split = splitOf(entry.name)!;
    const before = found[split];
    if (before !== undefined) {
      throw new RectioError(
        'data',
        `${folder} holds two folders for one split: ${before.name} and ${entry.name}.`,
        'Join them, or move one of them away.',
      );
    }
    found[split] = entry;
  }
  return found;
}

/** A folder for test images beside classes, without a folder for training images. */
async function besideClasses(
  folder: string,
  splits: readonly Entry[],
  plain: readonly Entry[],
  walk: Walk,
): Promise<Layout> {
  for (const split of splits) {
    const inside = await peek(split);
    if (inside.folders.length > 0 || plain.length < 2) {
      throw new RectioError(
        'data',
        `${folder} holds ${split.name}, but no folder train beside it.`,
        `Put the classes to learn into train/. If ${split.name} is a class, rename it.`,
      );
    }
    passOverUnlabelled(split, inside, walk);
  }
  return classLayout(folder, plain, walk);
}

function passOverUnlabelled(split: Entry, inside: Level, { root, tally }: Walk): void {
  const name = relative(root, split.path);
  if (inside.pictures.length === 0) tally.add('split folders without images', name);
  for (const { path } of inside.pictures) {
    tally.add(`images without a class in ${name}; if it is a class, rename it`, relative(root, path));
  }
}

/** The folder in which a split's classes lie; archives often wrap it in one of the same name. */
async function unwrap(split: Entry, walk: Walk): Promise<Entry> {
  const { folders, pictures } = await peek(split);
  const [only, ...rest] = folders;
  if (only === undefined || rest.length > 0 || pictures.length > 0) return split;
  const same = sameName(only.name, split.name) || splitOf(only.name) === splitOf(split.name);
  if (!same) return split;
  await readLevel(split.path, walk);
  return only;
}

/** A split's folders by class; undefined if it has no classes, so that its images have no labels. */
async function classesOf(
  split: Entry | undefined,
  classes: ReadonlyMap<string, unknown>,
  walk: Walk,
): Promise<Map<string, Entry[]> | undefined> {
  if (split === undefined) return undefined;
  const inside = await peek(split);
  if (inside.folders.length === 0) {
    passOverUnlabelled(split, inside, walk);
    return undefined;
  }
  const { folders } = await readLevel((await unwrap(split, walk)).path, walk);
  const found = new Map<string, Entry[]>();
  for (const entry of folders) {
    const name = entry.name.normalize('NFC');
    if (!classes.has(name)) throw untrainedClass(entry, [...classes.keys()]);
    found.set(name, [...(found.get(name) ?? []), entry]);
  }
  return found;
}

function untrainedClass({ name, path }: Entry, classes: readonly string[]): RectioError {
  const close = classes.find((each) => each.trim().toLowerCase() === name.normalize('NFC').trim().toLowerCase());
  return new RectioError(
    'data',
    `${path} is a class that has no training images.`,
    close === undefined
      ? 'Rename it to match a folder of the training images, or remove it.'
      : `Rename it to ${JSON.stringify(close)}, as the training images' folder is called.`,
  );
}

/** Whether a folder holds one for training images. Large folders are only listed: every other look takes long. */
async function holdsTraining({ path }: Entry): Promise<boolean> {
  const inside = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return inside.some((entry) => !entry.isFile() && splitOf(entry.name) === 'train');
}

/**
 * Classes outside, splits inside: `CLASS/train/*.jpg`. Undefined if no class has splits in it.
 * @throws RectioError `data` if only some have
 */
async function classFirstLayout(folder: string, plain: readonly Entry[], walk: Walk): Promise<Layout | undefined> {
  const divided = await Promise.all(plain.map(holdsTraining));
  if (!divided.includes(true)) return undefined;
  const insides: { readonly entry: Entry; readonly inside: Level }[] = [];
  for (const entry of plain) insides.push({ entry, inside: await peek(entry) });
  const hasSplits = ({ inside }: (typeof insides)[number]) =>
    inside.folders.some(({ name }) => splitOf(name) === 'train');
  const odd = insides.find(
    (each) => !hasSplits(each) || each.inside.folders.some(({ name }) => splitOf(name) === undefined),
  );
  if (odd !== undefined) {
    throw new RectioError(
      'data',
      `Some classes in ${folder} are divided into splits such as CLASS/train, and ${odd.entry.name} is not.`,
      'Divide every class alike, or make train/CLASS and test/CLASS of them.',
    );
  }
  const names = groupByName(folder, plain);
  const classes: ClassFolders[] = [];
  for (const [name, entries] of names) {
    const folders: Record<SplitName, Entry[]> = { train: [], test: [], validation: [] };
    for (const entry of entries) {
      const found = await soleSplits(entry.path, (await readLevel(entry.path, walk)).folders);
      for (const split of splitNames) folders[split].push(...[found[split]].filter((each) => each !== undefined));
    }
    classes.push({ name, folders });
  }
  const source = (split: SplitName) =>
    classes.some(({ folders }) => folders[split].length > 0) ? `CLASS/${split === 'validation' ? 'val' : split}` : null;
  return { classes, sources: { train: source('train'), test: source('test'), validation: source('validation') } };
}
