/** The options that say how to train, shared by the commands that do: all but network, ratio and seed. */

import { choice, decimal, flag, integer, text, type Values } from './options.js';
import { shapeOptions } from './network.js';
import type { TrainConfigInput } from '../../config/index.js';
import { defined } from '../../base/defined.js';

const byRecipe = { standard: "the recipe's" };

export const trainingOptions = {
  data: text('NAME', { help: 'the dataset; rectio data list shows them', standard: 'synthetic' }),
  dataDir: text('DIR', {
    help: 'folder (or official archive) of the dataset',
    standard: 'where rectio data get puts it',
  }),
  limit: integer(
    'IMAGES',
    { least: 1 },
    { help: 'at most so many images of each split, for a first try', standard: 'all' },
  ),
  size: integer(
    'PIXELS',
    { least: 1, most: 4096 },
    { help: 'height and width that a folder of images is brought to', standard: '32' },
  ),
  shortcut: shapeOptions.shortcut,
  weights: text('FILE', {
    help: 'begin with the weights in this safetensors file, such as published ones; the classifier may be another',
    standard: 'drawn from the seed',
  }),
  weightsPartial: flag('take what fits of --weights, also where the file is of another network'),
  recipe: text('NAME', { help: 'settings that belong together: fast, he2016', standard: 'fast' }),
  epochs: integer('COUNT', { least: 1 }, { help: 'passes over the training images', ...byRecipe }),
  batch: integer('IMAGES', { least: 1 }, { help: 'images per step', ...byRecipe }),
  lr: decimal('RATE', { least: 0, above: true }, { help: 'highest learning rate', ...byRecipe }),
  optimizer: choice(['sgd', 'adamw'], { help: 'sgd has momentum', ...byRecipe }),
  weightDecay: decimal('RATE', { least: 0 }, { help: 'pull of the weights towards zero', ...byRecipe }),
  labelSmoothing: decimal(
    'SHARE',
    { least: 0, most: 0.999 },
    { help: 'share of each target spread over all classes', ...byRecipe },
  ),
  validation: decimal(
    'SHARE',
    { least: 0, most: 0.9, above: true },
    {
      help: 'share of the training images to hold out: the epoch that does best on them gives the result',
      standard: 'none; the last epoch',
    },
  ),
  clipNorm: decimal(
    'NORM',
    { least: 0, above: true },
    { help: 'largest norm of the whole gradient', standard: 'not clipped' },
  ),
  ema: decimal(
    'DECAY',
    { least: 0, most: 0.999999 },
    { help: 'evaluate a moving average of the weights, with this decay per step', standard: 'none' },
  ),
  mixup: decimal(
    'ALPHA',
    { least: 0 },
    { help: 'mix pairs of images, with shares from Beta(ALPHA, ALPHA)', ...byRecipe },
  ),
  cutout: integer(
    'PIXELS',
    { least: 0 },
    { help: 'side of a square blanked out of every training image', ...byRecipe },
  ),
  workers: integer('COUNT', { least: 0, most: 64 }, { help: 'threads that prepare batches', standard: '1' }),
};

/** The options as settings of the config. */
export function trainingSettings(model: string | undefined, values: Values<typeof trainingOptions>) {
  return {
    recipe: values.recipe,
    model: { name: model, shortcut: values.shortcut },
    weights: { file: values.weights, partial: values.weightsPartial || undefined },
    data: { name: values.data, dir: values.dataDir, limit: values.limit, size: values.size, workers: values.workers },
    epochs: values.epochs,
    batch: values.batch,
    optimizer: defined({ kind: values.optimizer, weightDecay: values.weightDecay }),
    schedule: { learningRate: values.lr },
    labelSmoothing: values.labelSmoothing,
    evaluation: { validation: values.validation },
    clipNorm: values.clipNorm,
    averageDecay: values.ema,
    transforms: { mixup: values.mixup, cutout: values.cutout },
  } satisfies TrainConfigInput;
}
