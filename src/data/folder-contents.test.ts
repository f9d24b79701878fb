import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import type { Finding } from './contents.js';
import type { Dataset } from './dataset.js';
import { failureOf, pixelsOf } from './testing/fixtures.js';
import { paint, paintClass, workplace } from './testing/photos.js';
import { cpuTime } from '../testing/cpu-time.js';

/** What was passed over, as `count what: names`. */
const told = (findings: readonly Finding[] | undefined): string[] =>
  (findings ?? []).map(({ what, count, names }) => `${count} ${what}: ${names.join(' ')}`);

const counts = ({ contents }: Dataset) =>
  contents?.classes.map(({ name, train, test, validation }) => [name, train, test, validation]);

/** A workplace with two classes of ten pictures each, right in the folder. */
async function twoClasses() {
  const place = await workplace();
  for (const name of ['cat', 'dog']) await paintClass(join(place.dir, name), 10);
  return place;
}

describe('the splits of a folder of images', () => {
  it.each([
    ['Training', 'Testing'],
    ['TRAIN', 'Test'],
    ['train', 'valid'],
    ['train_set', 'test_set'],
    ['train', 'Validation'],
    ['train', 'dev'],
    ['train', 'eval'],
  ])('may be called %s and %s', async (train, test) => {
    const { dir, openIt } = await workplace();
    for (const name of ['cat', 'dog']) {
      await paintClass(join(dir, train, name), 3);
      await paintClass(join(dir, test, name), 2);
    }
    const dataset = await openIt();
    expect(counts(dataset)).toEqual([
      ['cat', 3, 2, 0],
      ['dog', 3, 2, 0],
    ]);
    expect(dataset.contents?.splits).toMatchObject({ train: `${train}/`, validation: null });
    expect(dataset.contents?.splits.test).toContain(`${test}/`);
  });

  it('are three if there is a folder for validation beside the one for testing', async () => {
    const { dir, openIt } = await workplace();
    for (const [split, count] of [['train', 4] as const, ['val', 2] as const, ['test', 3] as const]) {
      for (const name of ['cat', 'dog']) await paintClass(join(dir, split, name), count);
    }
    const dataset = await openIt();
    expect([dataset.train.count, dataset.validation?.count, dataset.test.count]).toEqual([8, 4, 6]);
    expect([...dataset.validation!.labels]).toEqual([0, 0, 1, 1]);
    expect(dataset.contents?.splits.validation).toContain('val/');
  });

  it('may lie within each class, and are refused if only some classes have them', async () => {
    const { dir, openIt } = await workplace();
    for (const name of ['cat', 'dog']) {
      await paintClass(join(dir, name, 'train'), 3);
      await paintClass(join(dir, name, 'test'), 1);
    }
    expect(counts(await openIt())).toEqual([
      ['cat', 3, 1, 0],
      ['dog', 3, 1, 0],
    ]);
    await paintClass(join(dir, 'emu'), 3);
    expect((await failureOf(() => openIt())).message).toContain('emu is not');
  });

  it('are found inside a folder that only wraps them', async () => {
    const { dir, openIt } = await workplace();
    for (const name of ['cat', 'dog']) {
      await paintClass(join(dir, 'photos', 'seg_train', 'seg_train', name), 3);
      await paintClass(join(dir, 'photos', 'seg_test', 'seg_test', name), 1);
    }
    await mkdir(join(dir, '__MACOSX', 'photos'), { recursive: true });
    const dataset = await openIt();
    expect([dataset.classes, dataset.train.count, dataset.test.count]).toEqual([['cat', 'dog'], 6, 2]);
    expect(told(dataset.contents?.passedOver)).toEqual(['1 files and folders of the system: __MACOSX']);
  });

  it('are refused if one has two folders, and if there is none to train on', async () => {
    const { dir, openIt } = await workplace();
    for (const split of ['train', 'Training', 'test']) {
      for (const name of ['cat', 'dog']) await paintClass(join(dir, split, name), 1);
    }
    expect((await failureOf(() => openIt())).message).toMatch(/two folders for one split: Training and train/);
    await rm(join(dir, 'train'), { recursive: true });
    await rm(join(dir, 'Training'), { recursive: true });
    expect((await failureOf(() => openIt())).message).toMatch(/holds test, but no folder train/);
  });

  it('are not made of images without a class', async () => {
    const { dir, openIt } = await twoClasses();
    await paintClass(join(dir, 'test'), 2);
    const beside = await openIt();
    expect(beside.classes).toEqual(['cat', 'dog']);
    expect(told(beside.contents?.passedOver)).toEqual([
      '2 images without a class in test; if it is a class, rename it: test/0.png test/1.png',
    ]);
    for (const name of ['cat', 'dog']) {
      await mkdir(join(dir, 'train'), { recursive: true });
      await rename(join(dir, name), join(dir, 'train', name));
    }
    const split = await openIt();
    expect([split.classes, split.train.count, split.test.count]).toEqual([['cat', 'dog'], 18, 2]);
    expect(split.contents?.splits.test).toMatch(/^a tenth of each class in train\/, drawn by `data.seed` 0$/);
  });

  it('leave a class called train alone, and say so', async () => {
    const { dir, openIt } = await twoClasses();
    await paintClass(join(dir, 'train'), 10);
    const dataset = await openIt();
    expect(dataset.classes).toEqual(['cat', 'dog', 'train']);
    expect(told(dataset.contents?.remarks)).toEqual([
      '1 folders taken as classes, since they hold images and no folders: train',
    ]);
  });
});

describe('the classes of a folder of images', () => {
  it('are one class if their names differ by nothing but their Unicode form', async () => {
    const { dir, openIt } = await workplace();
    await paintClass(join(dir, 'train', 'caf\u00e9'), 2);
    await paintClass(join(dir, 'train', 'bar'), 2);
    await paintClass(join(dir, 'test', 'cafe\u0301'), 1);
    expect(counts(await openIt())).toEqual([
      ['bar', 2, 0, 0],
      ['caf\u00e9', 2, 1, 0],
    ]);
    await paintClass(join(dir, 'train', 'cafe\u0301'), 3);
    const dataset = await openIt();
    expect(dataset.train.count).toBe(7);
    expect(told(dataset.contents?.remarks).join()).toMatch(/whose names look the same: caf\u00e9/);
    expect(told(dataset.contents?.remarks).join()).toMatch(/1 classes without test images: bar/);
  });

  it('are refused if one is a link to nothing, or has a name that is not UTF-8', async () => {
    const { dir, openIt } = await twoClasses();
    await symlink(join(dir, 'not-mounted'), join(dir, 'emu'));
    expect((await failureOf(() => openIt())).message).toMatch(/emu may be a class.*a link to .*not-mounted/);
    await rm(join(dir, 'emu'));
    await mkdir(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xe7, 0x61])]));
    expect((await failureOf(() => openIt())).message).toMatch(/\\xE7a may be a class.*not UTF-8/);
  });

  it('say which name was meant if only the case differs', async () => {
    const { dir, openIt } = await workplace();
    for (const name of ['Cat', 'Dog']) await paintClass(join(dir, 'train', name), 1);
    await paintClass(join(dir, 'test', 'cat'), 1);
    expect((await failureOf(() => openIt())).hint).toContain('"Cat"');
  });

  it('follow links to folders, but never in a circle and never twice', async () => {
    const { dir, openIt } = await twoClasses();
    const elsewhere = await workplace();
    await paintClass(join(elsewhere.dir, 'more'), 4);
    await symlink(join(elsewhere.dir, 'more'), join(dir, 'cat', 'more'));
    await symlink(join(dir, 'cat'), join(dir, 'cat', 'more', 'back'));
    await symlink(join(elsewhere.dir, 'more'), join(dir, 'cat', 'once-more'));
    const dataset = await openIt();
    expect(dataset.contents?.classes.map(({ train, test }) => train + test)).toEqual([14, 10]);
    expect(told(dataset.contents?.passedOver)).toEqual([
      '2 links to folders that are read already: cat/more/back cat/once-more',
    ]);
  });
});

describe('what lies among the images of a folder', () => {
  it('is used whatever its ending, if it is a picture', async () => {
    const { dir, openIt } = await twoClasses();
    const cat = join(dir, 'cat');
    await rename(join(cat, '0.png'), join(cat, '0.JFIF'));
    await rename(join(cat, '1.png'), join(cat, '1.bmp'));
    await rename(join(cat, '2.png'), join(cat, '2'));
    await rename(join(cat, '3.png'), join(cat, '3.webp'));
    await paint(join(cat, 'a.gif'), [1, 2, 3]);
    await paint(join(cat, 'b.TIFF'), [1, 2, 3]);
    await paint(join(cat, 'c.avif'), [1, 2, 3]);
    const dataset = await openIt();
    expect(dataset.contents?.classes.map(({ train, test }) => train + test)).toEqual([13, 10]);
    expect(dataset.contents?.passedOver).toEqual([]);
  });

  it('is counted and named if it is none', async () => {
    const { dir, openIt } = await twoClasses();
    for (const name of ['cat/.DS_Store', 'cat/Thumbs.db', 'dog/notes.txt', 'labels.csv', 'cat/a.heic', 'cat/b.HEIC']) {
      await writeFile(join(dir, name), 'no picture');
    }
    await writeFile(Buffer.concat([Buffer.from(`${dir}/dog/`), Buffer.from([0xe7]), Buffer.from('.png')]), 'x');
    await paint(join(dir, 'loose.png'), [1, 2, 3]);
    await paintClass(join(dir, 'cat', '@eaDir'), 2);
    execFileSync('mkfifo', [join(dir, 'cat', 'pipe')]);
    expect(told((await openIt()).contents?.passedOver).sort()).toEqual([
      '1 .csv files: labels.csv',
      '1 .txt files: dog/notes.txt',
      '1 hidden files and folders: cat/.DS_Store',
      '1 images that lie in no class folder: loose.png',
      '1 links without a target, pipes and devices: cat/pipe',
      '1 names that are not UTF-8; rename them, for example with convmv: dog/\\xE7.png',
      '2 .heic files, a format that cannot be read: cat/a.heic cat/b.HEIC',
      '2 files and folders of the system: cat/@eaDir cat/Thumbs.db',
    ]);
  });

  it('is refused in one go if it should be a picture and is not, or left out on demand', async () => {
    const { dir, openIt } = await twoClasses();
    const cat = join(dir, 'cat');
    await writeFile(join(cat, '0.png'), '');
    await truncate(join(cat, '1.png'), 60);
    await writeFile(join(cat, '2.png'), '<html>Not found</html>');
    await writeFile(join(cat, '3.png'), '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    await writeFile(join(cat, '4.png'), Buffer.from('00000018667479706865696300000000', 'hex'));
    execFileSync('mkfifo', [join(cat, '_pipe.png')]);
    await symlink('/dev/zero', join(cat, '_zero.jpg'));
    await symlink('nowhere.jpg', join(cat, '_gone.jpg'));
    const error = await failureOf(() => openIt());
    expect(error.message).toContain('8 of the 23 images');
    for (const words of [
      '0.png: it is empty',
      '1.png: it is damaged or cut short',
      '2.png: it is a web page',
      '3.png: it is an SVG drawing',
      '4.png: it is a HEIC picture',
      '_pipe.png: it is a pipe',
      '_zero.jpg: it is a pipe, a socket or a device',
      '_gone.jpg: it is a link to nowhere.jpg, which is not there',
    ]) {
      expect(error.message).toContain(words);
    }
    expect(error.hint).toContain('`data.skipBroken`');
    const dataset = await openIt({ skipBroken: true });
    expect(dataset.contents?.classes.map(({ train, test }) => train + test)).toEqual([5, 10]);
    expect(dataset.train.labels).toHaveLength(pixelsOf(dataset.train).length / 192);
    expect(told(dataset.contents?.passedOver).join()).toMatch(/^8 images that cannot be decoded: cat\//);
  });

  it('names at most twenty broken images, and counts all', async () => {
    const { dir, openIt } = await twoClasses();
    for (let n = 0; n < 30; n++) await writeFile(join(dir, 'cat', `broken${n}.jpg`), 'x');
    const { message } = await failureOf(() => openIt());
    expect(message.match(/broken\d+\.jpg/g)).toHaveLength(20);
    expect(message).toContain('and 10 more');
  });

  it('is refused if a class has no other images', async () => {
    const { dir, openIt } = await twoClasses();
    await paintClass(join(dir, 'emu'), 1);
    await writeFile(join(dir, 'emu', '0.png'), 'broken');
    expect((await failureOf(() => openIt({ skipBroken: true }))).message).toMatch(/Of the class emu .* no train image/);
    await rm(join(dir, 'emu', '0.png'));
    await writeFile(join(dir, 'emu', 'a.heic'), 'x');
    expect((await failureOf(() => openIt())).message).toMatch(/emu holds no images that can be read/);
  });

  it('is named if a picture is in two splits or in two classes', async () => {
    const { dir, openIt } = await workplace();
    for (const name of ['cat', 'dog']) {
      await paintClass(join(dir, 'train', name), 3);
      await paintClass(join(dir, 'test', name), 1);
    }
    await copyFile(join(dir, 'train', 'cat', '1.png'), join(dir, 'test', 'cat', 'copy.png'));
    await copyFile(join(dir, 'train', 'cat', '2.png'), join(dir, 'train', 'dog', 'copy.png'));
    expect(told((await openIt()).contents?.remarks)).toEqual([
      '1 images that are in two classes, file for file: train/cat/2.png = train/dog/copy.png',
      '1 images that are both in the training images and outside them, file for file: train/cat/1.png = test/cat/copy.png',
    ]);
  });

  it('is named if only its first frame is used', async () => {
    const { dir, openIt } = await twoClasses();
    const frames = Buffer.concat([Buffer.alloc(12 * 12 * 3, 200), Buffer.alloc(12 * 12 * 3, 10)]);
    await sharp(frames, { raw: { width: 12, height: 24, channels: 3, pageHeight: 12 } })
      .gif()
      .toFile(join(dir, 'cat', 'moving.gif'));
    expect(told((await openIt()).contents?.remarks)).toEqual([
      '1 images of several frames or pages, of which the first is used: cat/moving.gif',
    ]);
  });
});

describe('a picture in a folder', () => {
  /** Four quarters of one color each, with alpha from 0 to 255: what scaling could mix. */
  async function quarters(channels: 3 | 4): Promise<Buffer> {
    const colors = [
      [200, 40, 40, 0],
      [40, 200, 40, 255],
      [40, 40, 200, 128],
      [128, 128, 128, 255],
    ];
    const pixels = Array.from({ length: 64 * 64 }, (_, at) => {
      const quarter = 2 * Number(at >> 6 >= 32) + Number((at & 63) >= 32);
      return colors[quarter]!.slice(0, channels);
    });
    return sharp(Buffer.from(pixels.flat()), { raw: { width: 64, height: 64, channels } })
      .png()
      .toBuffer();
  }

  it.each([[3] as const, [4] as const])('looks the same at every size (%d channels)', async (channels) => {
    for (const size of [8, 64, 100]) {
      const { dir, openIt } = await twoClasses();
      for (const name of ['0', '1']) await writeFile(join(dir, 'cat', `${name}.png`), await quarters(channels));
      const dataset = await openIt({ size });
      const plane = size * size;
      const at = (row: number, column: number) =>
        [0, 1, 2].map(
          (channel) =>
            pixelsOf(dataset.train)[channel * plane + Math.floor(row * size) * size + Math.floor(column * size)]!,
        );
      for (const [place, color] of [
        [at(0.25, 0.25), [200, 40, 40]],
        [at(0.25, 0.75), [40, 200, 40]],
        [at(0.75, 0.25), [40, 40, 200]],
        [at(0.75, 0.75), [128, 128, 128]],
      ] as const) {
        place.forEach((value, channel) => expect(Math.abs(value - color[channel]!)).toBeLessThan(8));
      }
    }
  });

  it('may be very long', async () => {
    const { dir, openIt } = await workplace();
    for (const name of ['cat', 'dog']) await paintClass(join(dir, name), 2);
    await paint(join(dir, 'cat', 'long.png'), [9, 9, 9], 1, 30_000);
    expect((await openIt({ size: 2000 })).train.count).toBe(3);
  });

  it('is refused by its number of pixels, before they are allocated', async () => {
    const { dir, openIt } = await twoClasses();
    await writeFile(join(dir, 'cat', 'bomb.png'), pngBomb(20_000));
    const start = cpuTime();
    const { message } = await failureOf(() => openIt());
    expect(message).toMatch(/bomb.png cannot be decoded: its 20000×20000 pixels are too many; at most 268 million/);
    expect(cpuTime() - start).toBeLessThan(2000);
  });

  /** The header of a gray PNG of side × side pixels; its pixels never come. */
  function pngBomb(side: number): Buffer {
    const chunk = (type: string, data: Buffer): Buffer => {
      const bytes = Buffer.alloc(12 + data.length);
      bytes.writeUInt32BE(data.length, 0);
      bytes.write(type, 4, 'latin1');
      data.copy(bytes, 8);
      bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
      return bytes;
    };
    const header = Buffer.from('0000000000000000080000000000000000', 'hex').subarray(0, 13);
    header.writeUInt32BE(side, 0);
    header.writeUInt32BE(side, 4);
    const signature = Buffer.from('89504e470d0a1a0a', 'hex');
    return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(9)))]);
  }

  it('is refused if its pixels are floating-point numbers, which have no usual range', async () => {
    const { dir, openIt } = await twoClasses();
    await writeFile(join(dir, 'cat', 'float.tiff'), floatTiff());
    expect((await failureOf(() => openIt())).message).toMatch(/float.tiff .*its pixels are of the type float/);
  });

  /** One gray pixel of 32 bits, as scientific programs write images. */
  function floatTiff(): Buffer {
    const entries = [
      [256, 4, 1],
      [257, 4, 1],
      [258, 3, 32],
      [259, 3, 1],
      [262, 3, 1],
      [273, 4, 8],
      [277, 3, 1],
      [278, 4, 1],
      [279, 4, 4],
      [339, 3, 3],
    ] as const;
    const bytes = Buffer.alloc(12 + 2 + 12 * entries.length + 4);
    bytes.write('II*\0', 'latin1');
    bytes.writeUInt32LE(12, 4);
    bytes.writeFloatLE(0.5, 8);
    bytes.writeUInt16LE(entries.length, 12);
    for (const [index, [tag, type, value]] of entries.entries()) {
      const at = 14 + 12 * index;
      bytes.writeUInt16LE(tag, at);
      bytes.writeUInt16LE(type, at + 2);
      bytes.writeUInt32LE(1, at + 4);
      bytes.writeUInt32LE(value, at + 8);
    }
    return bytes;
  }
});
