import { describe, expect, it } from 'vitest';

import { fitToData, resolveConfig } from './index.js';

const model = { name: 'resnet20' };

describe('settings for the amount of data', () => {
  it('are the recipe’s own for thousands of images', () => {
    for (const images of [6_400, 8_000, 50_000]) {
      expect(fitToData({ model }, images)).toEqual({ config: resolveConfig({ model }), notes: [] });
    }
  });

  it('are small batches, many epochs and clipped gradients for few images, and are told', () => {
    const { config, notes } = fitToData({ model }, 162);
    expect(config).toMatchObject({ batch: 16, epochs: 80, clipNorm: 1, schedule: { learningRate: 0.05 } });
    expect(notes).toEqual([
      '162 training images are few for recipe fast: `batch: 16` in place of 128, `epochs: 80` in place of 10, `clipNorm: 1`',
      'learning rate 0.05: that of recipe fast, 0.4, is for a batch of 128 and scales with it',
    ]);
    expect(fitToData({ model }, 1_000).config).toMatchObject({ batch: 32, epochs: 26 });
    expect(fitToData({ model }, 4_000).config).toMatchObject({ batch: 128, epochs: 26 });
  });

  it('have a batch that fits, whatever the number of images', () => {
    for (const images of [1, 2, 5, 15, 16, 40, 255, 256, 2_047, 2_048, 6_399]) {
      const { batch, epochs } = fitToData({ model }, images).config;
      expect(Math.floor(images / batch), `${images} images`).toBeGreaterThanOrEqual(1);
      expect(Math.floor(images / batch) * epochs, `${images} images`).toBeGreaterThanOrEqual(800);
    }
  });

  it('are left as they are given', () => {
    const given = { model, batch: 64, epochs: 3, clipNorm: null, schedule: { learningRate: 0.1 } };
    expect(fitToData(given, 162)).toEqual({ config: resolveConfig(given), notes: [] });
    const ownRate = { model, batch: 64, epochs: 3, schedule: { learningRate: 0.1 } };
    expect(fitToData(ownRate, 162).config).toEqual(resolveConfig(ownRate));
    const record = resolveConfig({ model });
    expect(fitToData(record, 162)).toEqual({ config: record, notes: [] });
  });

  it('take fewer steps to finetune than from scratch', () => {
    const { config } = fitToData({ model, weights: 'a.safetensors' }, 162);
    expect(config).toMatchObject({ recipe: 'finetune', batch: 16, epochs: 20 });
  });
});
