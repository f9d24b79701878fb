import { describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import {
  listSettings,
  parseSettings,
  recipeNames,
  recordedConfig,
  resolveConfig,
  trainSettings,
  type TrainConfigInput,
} from './index.js';

const model = { name: 'resnet20' };

function refusal(...layers: unknown[]): RectioError {
  try {
    resolveConfig(...layers.map(parseSettings));
  } catch (error) {
    if (error instanceof RectioError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('the config', () => {
  it('is complete with a model and nothing else, for every recipe', () => {
    for (const recipe of recipeNames) {
      const config = resolveConfig({ recipe, model });
      expect(config).toMatchObject({ recipe, batch: 128, seed: 0, model: { name: 'resnet20', shortcut: null } });
    }
  });

  it('takes the recipe of He et al. as they wrote it', () => {
    expect(resolveConfig({ recipe: 'he2016', model })).toMatchObject({
      epochs: 164,
      batch: 128,
      optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 1e-4, decayNormsAndBiases: true },
      schedule: { kind: 'step', learningRate: 0.1, milestones: [0.5, 0.75], factor: 0.1 },
      labelSmoothing: 0,
      transforms: { padCrop: 4, flip: true, cutout: 0, mixup: 0 },
    });
  });

  it('finetunes weights unless another recipe is named', () => {
    const weights = { file: 'a.safetensors' };
    expect(resolveConfig({ model, weights })).toMatchObject({ recipe: 'finetune', schedule: { learningRate: 0.01 } });
    expect(resolveConfig({ model, weights: 'a.safetensors' }).recipe).toBe('finetune');
    expect(resolveConfig({ model, weights, recipe: 'fast' })).toMatchObject({ recipe: 'fast', epochs: 10 });
    expect(resolveConfig({ model, weights: { file: null } }).recipe).toBe('fast');
  });

  it('scales the recipe’s rate with the batch, and no rate that is given', () => {
    expect(resolveConfig({ model, batch: 32 }).schedule.learningRate).toBeCloseTo(0.1);
    expect(resolveConfig({ model, batch: 256 }).schedule.learningRate).toBeCloseTo(0.8);
    expect(resolveConfig({ model, batch: 32, schedule: { kind: 'constant' } }).schedule.learningRate).toBeCloseTo(0.1);
    expect(resolveConfig({ model, batch: 32, schedule: { learningRate: 0.4 } }).schedule.learningRate).toBe(0.4);
    expect(resolveConfig({ model, batch: 128 })).toEqual(resolveConfig({ model }));
  });

  it('freezes only what a file gave, and not for the whole training', () => {
    const file = 'a.safetensors';
    expect(refusal({ model, weights: { frozenEpochs: 1 } }).hint).toContain('`weights.file`');
    expect(refusal({ model, weights: { file, frozenEpochs: 1, partial: true } }).hint).toContain('`weights.partial`');
    expect(refusal({ model, epochs: 2, weights: { file, frozenEpochs: 2 } }).hint).toContain('fewer than the 2 epochs');
    expect(resolveConfig({ model, epochs: 3, weights: { file, frozenEpochs: 2 } }).weights.frozenEpochs).toBe(2);
  });

  it('resolves to itself, so that a run can be repeated from its record', () => {
    const ratio = { ratio: 'stage1=1:1,stage2-3=3:2@110', scope: 'stage' as const, drop: ['layer1.*.relu1'] };
    const config = resolveConfig({ recipe: 'he2016', model, ratio, averageDecay: 0.99, data: { limit: 100 } });
    const again = resolveConfig(parseSettings(JSON.parse(JSON.stringify(config))));
    expect(JSON.stringify(again)).toBe(JSON.stringify(config));
  });

  it('lays later layers over earlier ones, leaves out what is undefined, and keeps what is beside', () => {
    const config = resolveConfig(
      { model, epochs: 5, schedule: { learningRate: 0.2 } },
      { epochs: 7, batch: undefined, optimizer: { momentum: 0.8 } },
    );
    expect(config).toMatchObject({ epochs: 7, batch: 128 });
    expect(config.schedule).toMatchObject({ kind: 'oneCycle', learningRate: 0.2, peakAt: expect.any(Number) });
    expect(config.optimizer).toMatchObject({ kind: 'sgd', momentum: 0.8, nesterov: true });
  });

  it('begins another kind of schedule from that kind’s defaults, at the recipe’s rate', () => {
    const { schedule } = resolveConfig({ recipe: 'he2016', model, schedule: { kind: 'cosine' } });
    expect(schedule).toEqual({ kind: 'cosine', learningRate: 0.1, warmupEpochs: 0, finalLearningRate: 0 });
  });

  it('wants a learning rate along with another optimizer', () => {
    expect(refusal({ model, optimizer: { kind: 'adamw' } })).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('adamw'),
      hint: expect.stringContaining('schedule.learningRate'),
    });
    const { optimizer } = resolveConfig({ model, optimizer: { kind: 'adamw' }, schedule: { learningRate: 1e-3 } });
    expect(optimizer).toMatchObject({ kind: 'adamw', beta1: 0.9, beta2: 0.999 });
  });

  it('answers an unknown setting with the nearest one, at any depth', () => {
    expect(refusal({ model, epoch: 3 })).toMatchObject({
      message: 'There is no setting `epoch`.',
      hint: 'Did you mean epochs?',
    });
    expect(refusal({ model, schedule: { learningrate: 1 } })).toMatchObject({
      message: 'There is no setting `schedule.learningrate`.',
      hint: 'Did you mean learningRate?',
    });
    expect(refusal({ model, schedule: { kind: 'cosin' } }).hint).toBe('Did you mean cosine?');
    expect(refusal({ model, recipe: 'fats' }).hint).toBe('Did you mean fast?');
  });

  it('does not let a setting of one kind slip into another', () => {
    expect(refusal({ model, schedule: { kind: 'cosine', milestones: [0.5] } }).message).toBe(
      'There is no setting `schedule.milestones`.',
    );
  });

  it('names setting, value and range if a value makes no sense', () => {
    const cases: [unknown, string, string][] = [
      [{ epochs: 0 }, 'The setting `epochs` cannot be 0.', 'from 1'],
      [{ batch: 1.5 }, 'The setting `batch` cannot be 1.5.', 'whole number'],
      [{ seed: -1 }, 'The setting `seed` cannot be -1.', 'from 0'],
      [{ epochs: '5' }, 'The setting `epochs` cannot be "5".', 'whole number'],
      [{ labelSmoothing: 1 }, 'The setting `labelSmoothing` cannot be 1.', 'below 1'],
      [{ schedule: { learningRate: 0 } }, 'The setting `schedule.learningRate` cannot be 0.', 'above 0'],
      [{ transforms: { flip: 1 } }, 'The setting `transforms.flip` cannot be 1.', 'true or false'],
      [{ ratio: { drop: 'relu' } }, 'The setting `ratio.drop` cannot be "relu".', 'Give a list.'],
      [{ ratio: 42 }, 'The setting `ratio` cannot be 42.', 'record'],
      [{ schedule: { kind: 'step', milestones: [2] } }, 'The setting `schedule.milestones[0]` cannot be 2.', 'to 1'],
      [{ model: { name: '' } }, 'The setting `model.name` cannot be "".', 'text'],
      [{ optimizer: { momentum: 0 } }, 'The setting `optimizer.momentum` cannot be 0.', 'Nesterov'],
      [
        { schedule: { kind: 'constant', warmupEpochs: 11 } },
        'The setting `schedule.warmupEpochs` cannot be 11.',
        '10 epochs',
      ],
    ];
    for (const [settings, message, hint] of cases) {
      const error = refusal({ model }, settings);
      expect(error.message).toBe(message);
      expect(error.hint).toContain(hint);
      expect(error.code).toBe('usage');
    }
  });

  it('crops a folder of images as timm does if they are large, as CIFAR if they are small, unless settings say otherwise', () => {
    const chosen = (...layers: TrainConfigInput[]) => {
      const { data, transforms } = resolveConfig({ model: 'resnet20' }, ...layers);
      return [data.cropPercent, transforms.cropScale, transforms.padCrop];
    };
    expect(chosen()).toEqual([null, null, 4]);
    expect(chosen({ data: 'folder' })).toEqual([1, null, 4]);
    expect(chosen({ data: { name: 'folder', size: 64 } })).toEqual([1, null, 4]);
    expect(chosen({ data: { name: 'folder', size: 65 } })).toEqual([0.875, 0.08, 0]);
    expect(chosen({ model: 'resnet18', data: 'folder' })).toEqual([0.875, 0.08, 0]);
    expect(chosen({ model: 'resnet18', data: { name: 'folder', size: 32 } })).toEqual([1, null, 4]);
    expect(chosen({ model: './net.ts', data: 'folder' })).toEqual([1, null, 4]);
    expect(chosen({ data: 'folder' }, { data: { name: 'cifar10' } })).toEqual([null, null, 4]);
    expect(chosen({ data: { name: 'folder', cropPercent: 1 }, transforms: { padCrop: 2 } })).toEqual([1, null, 2]);
    expect(chosen({ data: 'folder', transforms: { padCrop: 2, cropScale: 0.5 } })).toEqual([1, 0.5, 2]);
    expect(chosen({ model: 'resnet18', data: 'folder', transforms: { cropScale: null } })).toEqual([0.875, null, 4]);
  });

  it('leaves a record of an earlier version what it was', () => {
    const { data, transforms, ...rest } = resolveConfig({
      model: 'resnet20',
      data: 'folder',
      transforms: { padCrop: 4 },
    });
    const { cropPercent: _percent, interpolation: _interpolation, ...oldData } = data;
    const { cropScale: _scale, cropRatio: _ratio, ...oldTransforms } = transforms;
    const config = recordedConfig({ ...rest, data: oldData, transforms: oldTransforms });
    expect(config.data).toEqual({ ...data, cropPercent: null });
    expect(config.transforms).toEqual({ ...transforms, cropScale: null });
    expect(recordedConfig(config)).toEqual(config);
  });

  it('misses a model', () => {
    expect(refusal({}).message).toBe('The setting `model.name` is missing.');
  });

  it('is not fooled by names that every object has', () => {
    expect(refusal({ model }, JSON.parse('{"__proto__": {"epochs": 3}}')).message).toContain('__proto__');
    expect(refusal({ model, schedule: { kind: 'constructor' } }).code).toBe('usage');
  });

  it('takes layers of settings and nothing else', () => {
    // @ts-expect-error there is no such setting
    expect(() => resolveConfig({ epochz: 3 })).toThrow('`epochz`');
    // @ts-expect-error a number is no record of settings
    expect(() => resolveConfig(42)).toThrow('42');
    // @ts-expect-error null is no record of settings
    expect(() => resolveConfig(null)).toThrow('null');
    const unknown: unknown = { model };
    // @ts-expect-error what comes from a file goes through parseSettings
    expect(resolveConfig(unknown)).toEqual(resolveConfig(parseSettings(unknown)));
  });

  it('takes a text for a record’s main setting, in TypeScript as in a file', () => {
    const short: TrainConfigInput = { model: 'resnet20', data: 'cifar10', ratio: '2:1@10', weights: 'w.safetensors' };
    const long = {
      model: { name: 'resnet20' },
      data: { name: 'cifar10' },
      ratio: { ratio: '2:1@10' },
      weights: { file: 'w.safetensors' },
    };
    expect(resolveConfig(short)).toEqual(resolveConfig(long));
    expect(parseSettings(short)).toEqual(long);
    expect(resolveConfig({ ...long, ratio: { scope: 'block' } }, { ratio: '3:2' }).ratio).toMatchObject({
      ratio: '3:2',
      scope: 'block',
    });
  });

  it.each([
    ['learningRate', '`schedule.learningRate`'],
    ['lr', '`schedule.learningRate`'],
    ['learning_rate', '`schedule.learningRate`'],
    ['weight_decay', '`optimizer.weightDecay`'],
    ['wd', '`optimizer.weightDecay`'],
    ['num_workers', '`data.workers`'],
    ['batch_size', 'batch'],
    ['num_epochs', 'epochs'],
    ['dataset', 'data'],
    ['momentum', '`optimizer.momentum`'],
    ['weightDecay', '`optimizer.weightDecay`'],
    ['ema', '`averageDecay`'],
    ['mixup', '`transforms.mixup`'],
    ['validation', '`evaluation.validation`'],
    ['everyEpochs', '`evaluation.everyEpochs` or `checkpoint.everyEpochs`'],
  ])('says where %s belongs', (key, place) => {
    expect(refusal({ model, [key]: 0.1 })).toMatchObject({
      message: `There is no setting \`${key}\`.`,
      hint: `Did you mean ${place}?`,
    });
  });

  it('checks a kind’s settings before the kind is known', () => {
    expect(refusal({ schedule: { warmupEpochs: -1 } }).message).toBe(
      'The setting `schedule.warmupEpochs` cannot be -1.',
    );
    expect(parseSettings({ schedule: { milestones: [0.3] } })).toEqual({ schedule: { milestones: [0.3] } });
  });
});

describe('the schema', () => {
  const rows = listSettings(trainSettings);

  it('accepts every default that it declares', () => {
    for (const { path, setting } of rows) {
      if (setting.default !== undefined) expect(setting.check(setting.default, path)).toEqual(setting.default);
    }
  });

  it('gives settings of one name the same check in every kind', () => {
    for (const { path, kind, setting } of rows) {
      for (const other of rows) {
        if (other.path === path && other.kind !== kind) expect(other.setting.form).toEqual(setting.form);
      }
    }
  });

  it('gives no flag to two settings', () => {
    const flags = new Map<string, string>();
    for (const { path, setting } of rows) {
      if (setting.flag !== undefined) expect(flags.get(setting.flag.name) ?? path).toBe(path);
      if (setting.flag !== undefined) flags.set(setting.flag.name, path);
    }
    expect(flags.size).toBeGreaterThan(20);
  });
});
