import { describe, expect, it } from 'vitest';

import type { FolderContents } from '../../data/index.js';
import { printFolderContents } from './folder-contents.js';

const pets: FolderContents = {
  root: '/photos',
  classes: [
    { name: 'cat', train: 11, test: 1, validation: 0 },
    { name: 'dog', train: 1200, test: 130, validation: 0 },
  ],
  splits: { train: 'the folder itself', test: 'a tenth of each class, drawn by `data.seed` 0', validation: null },
  sizes: { smallest: [120, 80], largest: [4000, 3000], distinct: 14 },
  shortSide: 32,
  whole: false,
  passedOver: [{ what: '.heic files, a format that cannot be read', count: 9, names: ['cat/a.heic', 'cat/b.heic'] }],
  remarks: [{ what: 'classes without test images', count: 1, names: ['emu'] }],
};

function print(contents: FolderContents, columns = 80): string[] {
  let text = '';
  printFolderContents(contents, 32, {
    terminal: false,
    colors: false,
    columns: () => columns,
    write: (more) => void (text += more),
  });
  return text.trimEnd().split('\n');
}

describe('the block about a folder of images', () => {
  it('tells classes, splits, sizes, what is passed over and what may surprise', () => {
    expect(print(pets, 200)).toEqual([
      'images in /photos',
      '  classes (training + test images): cat 11 + 1, dog 1,200 + 130',
      '  training: the folder itself',
      '  test: a tenth of each class, drawn by `data.seed` 0',
      '  sizes: 120×80 to 4000×3000 pixels (14 different), each scaled to 32×32 and cropped to its middle',
      '  note: 1 classes without test images (emu)',
      '  passed over: 9 .heic files, a format that cannot be read (cat/a.heic, cat/b.heic, …)',
    ]);
  });

  it('fits the terminal, and never splits a name', () => {
    const long = { ...pets, root: `/${'very-'.repeat(20)}long` };
    const lines = print(long, 40);
    expect(lines[0]).toBe('images in');
    expect(lines[1]!.trim()).toBe(long.root);
    expect(lines.slice(2).every((line) => line.length < 40)).toBe(true);
  });

  it('tells many classes by their number and extremes', () => {
    const classes = Array.from({ length: 1000 }, (_, n) => ({
      name: `c${n}`,
      train: 700 + n,
      test: 50,
      validation: 5,
    }));
    const splits = { ...pets.splits, validation: 'val/' };
    expect(print({ ...pets, classes, splits }, 400)[1]).toBe(
      '  1,000 classes (training + test + validation images): c0 700 + 50 + 5, c1 701 + 50 + 5, c2 702 + 50 + 5, …; ' +
        'fewest: c0 700 + 50 + 5; most: c999 1,699 + 50 + 5',
    );
  });

  it('shows control characters in names instead of sending them to the terminal', () => {
    const text = print({ ...pets, root: '/a\u001b[2Jb' })[0];
    expect(text).toBe('images in /a\\x1b[2Jb');
  });
});
