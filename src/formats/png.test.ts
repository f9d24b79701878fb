import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePng } from './png.js';

describe('a PNG', () => {
  it.each([1, 3] as const)('of %i channels is read back by another decoder, value by value', async (channels) => {
    const [width, height] = [5, 3];
    const values = Uint8Array.from({ length: width * height * channels }, (_, index) => (index * 37) % 256);
    const png = encodePng({ channels, width, height, values });
    const { data, info } = await sharp(png, { failOn: 'warning' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width, height, channels });
    expect(new Uint8Array(data)).toEqual(values);
  });
});
