import { describe, expect, it } from 'vitest';

import { openDataset } from './index.js';

describe('opening a dataset', () => {
  it('suggests the nearest name for an unknown one', async () => {
    await expect(openDataset('cifar-10')).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('cifar10'),
    });
  });

  it('refuses a folder for the built-in dataset', async () => {
    await expect(openDataset('synthetic', { dir: 'photos' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('photos'),
      hint: expect.stringMatching(/`data.name`.*cifar10.*folder/),
    });
  });

  it.each(['synthetic', 'cifar10', 'cifar100', 'mnist', 'fashion-mnist'])(
    'refuses another size for %s',
    async (name) => {
      await expect(openDataset(name, { size: 64 })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('64'),
        hint: expect.stringContaining('`data.size`'),
      });
    },
  );

  it.each([0, -1, 1.5])('refuses a limit of %s images', async (limit) => {
    await expect(openDataset('synthetic', { limit })).rejects.toMatchObject({ code: 'usage' });
  });
});
