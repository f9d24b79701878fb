/** Everything that a training depends on, in one record: every setting is declared here, once. */

import * as check from '../base/check.js';
import { interpolations } from '../data/options.js';
import { scopes } from '../proportion/index.js';
import { largeCrops, mostSmall, smallCrops } from './folder-defaults.js';
import { recipeNames } from './recipe-names.js';
import {
  boolean,
  choice,
  group,
  list,
  number,
  orNull,
  text,
  variants,
  whole,
  type Infer,
  type InferInput,
} from './schema.js';

const seedRange = { from: 0, to: 0xffff_ffff };

const ratio = group(
  {
    ratio: orNull(
      '1:1, the network as it is',
      text({
        help: 'of every N successive ReLUs keep M; 2:1@10 says which, stage1=1:1,stage2-4=3:2 differs by stage',
        flag: ['ratio', 'N:M'],
      }),
    ),
    pattern: orNull(
      "the ratio's own",
      text({ help: 'the ratio with positions: 1 keeps a ReLU, 0 drops it, so 01 is 2:1', flag: ['pattern', 'BITS'] }),
    ),
    scope: choice(scopes, { help: 'where the pattern starts again', default: 'network', flag: 'scope' }),
    drop: list('names', check.text, {
      help: 'ReLUs to drop whatever the ratio, such as layer1.*.relu1; * stands for any characters',
      default: [],
      standard: 'none',
      flag: ['drop', 'NAMES'],
    }),
    leak: orNull(
      'the identity in their place',
      number(
        { from: 0, to: 1 },
        { help: 'put leaky ReLUs of this slope in place of dropped ones', flag: ['leak', 'SLOPE'] },
      ),
    ),
    stem: boolean({ help: "let the ratio drop the stem's ReLU too", default: false, flag: 'stem' }),
    head: boolean({
      help: 'let the ratio drop ReLUs of fully connected layers too',
      default: false,
      flag: 'head',
    }),
  },
  'ratio',
);

const data = group(
  {
    name: text({ help: 'the dataset; rectio data list shows them', default: 'synthetic', flag: ['data', 'NAME'] }),
    dir: orNull(
      'where rectio data get puts it',
      text({ help: 'folder or official archive of the dataset', flag: ['dataDir', 'DIR'] }),
    ),
    seed: whole(seedRange, { help: 'seed of generated images and of random splits', default: 0 }),
    limit: orNull(
      'all',
      whole({ from: 1 }, { help: 'use at most this many images of each split', flag: ['limit', 'IMAGES'] }),
    ),
    size: orNull(
      "the dataset's own; for a folder what the network is for",
      whole(
        { from: 1, to: 4096 },
        { help: 'height and width to which images of a folder are resized', unit: 'pixels', flag: ['size', 'PIXELS'] },
      ),
    ),
    cropPercent: orNull(
      `for a folder, ${largeCrops.cropPercent}, or ${smallCrops.cropPercent} up to ${mostSmall} pixels`,
      number(
        { from: 0.25, to: 1 },
        {
          help: "for testing, the middle is this share of a folder's image, measured along its short side",
          added: true,
          flag: ['cropPercent', 'SHARE'],
        },
      ),
    ),
    interpolation: choice(interpolations, {
      help: 'how images of a folder are resized when they are decoded',
      default: 'lanczos',
      added: true,
      flag: 'interpolation',
    }),
    skipBroken: boolean({
      help: 'leave out images of a folder that cannot be decoded, and name them, instead of refusing the folder',
      default: false,
      added: true,
      flag: 'skipBroken',
    }),
    workers: whole(
      { from: 0, to: 64 },
      {
        help: 'threads that prepare batches; 0 prepares them in the main thread; results do not depend on it',
        default: 1,
        flag: ['workers', 'COUNT'],
      },
    ),
  },
  'name',
);

const weightDecay = (standard: number) =>
  number(
    { from: 0 },
    {
      help: 'how strongly weights are pulled towards zero',
      default: standard,
      flag: ['weightDecay', 'RATE'],
    },
  );
const decayNormsAndBiases = (standard: boolean) =>
  boolean({ help: 'whether weight decay also applies to batch norms and biases', default: standard });
const beta = (help: string, standard: number) => number({ from: 0, below: 1 }, { help, default: standard });

const optimizer = variants(
  { help: 'the optimizer; sgd has momentum', flag: 'optimizer' },
  {
    sgd: {
      momentum: number({ from: 0, below: 1 }, { help: 'share of the last update that is kept', default: 0.9 }),
      nesterov: boolean({ help: "whether to use Nesterov's form of momentum", default: false }),
      weightDecay: weightDecay(1e-4),
      decayNormsAndBiases: decayNormsAndBiases(true),
    },
    adamw: {
      beta1: beta('decay of the mean of the gradients', 0.9),
      beta2: beta('decay of the mean of the squared gradients', 0.999),
      epsilon: number({ above: 0 }, { help: 'added to the denominator so that it is never zero', default: 1e-8 }),
      weightDecay: weightDecay(0.05),
      decayNormsAndBiases: decayNormsAndBiases(false),
    },
  },
);

const learningRate = number({ above: 0 }, { help: 'highest learning rate', flag: ['lr', 'RATE'] });
const warmupEpochs = number(
  { from: 0 },
  { help: 'linear warm-up from almost zero to the learning rate', unit: 'epochs', default: 0 },
);
const fraction = { from: 0, to: 1 };

const schedule = variants(
  { help: 'how the learning rate changes during the training' },
  {
    /** The rate stays where it is. */
    constant: { learningRate, warmupEpochs },
    /** Multiplied by `factor` at every milestone (He et al. 2016). */
    step: {
      learningRate,
      warmupEpochs,
      milestones: list('numbers from 0 to 1', check.number(fraction), {
        help: 'fractions of the training at which the learning rate is multiplied by factor',
        default: [0.5, 0.75],
      }),
      factor: number({ above: 0 }, { help: 'what the learning rate is multiplied by at each milestone', default: 0.1 }),
    },
    /** Half a cosine wave from `learningRate` to `finalLearningRate` (Loshchilov and Hutter 2017, without restarts). */
    cosine: {
      learningRate,
      warmupEpochs,
      finalLearningRate: number({ from: 0 }, { help: 'learning rate at the end of the training', default: 0 }),
    },
    /**
     * Up once and down once (Smith and Topin 2018): from `startFactor`·`learningRate` in a straight line to
     * `learningRate` at fraction `peakAt` of the training, and from there to `finalFactor`·`learningRate` at its end.
     */
    oneCycle: {
      learningRate,
      peakAt: number(
        { from: 0, below: 1 },
        { help: 'fraction of the training at which the rate peaks', default: 0.25 },
      ),
      startFactor: number(fraction, { help: 'first learning rate, as a fraction of the highest', default: 0.1 }),
      finalFactor: number(fraction, { help: 'last learning rate, as a fraction of the highest', default: 0 }),
    },
  },
);

const transforms = group({
  padCrop: whole({ from: 0 }, { help: 'pad images by this much and crop at random; 0 for none', unit: 'pixels' }),
  cropScale: orNull(
    `${largeCrops.cropScale} for a folder above ${mostSmall} pixels, unless padCrop is given; else none`,
    number(
      { above: 0, to: 1 },
      {
        help: 'crop at random, at least this share of the area, and resize the crop',
        added: true,
        flag: ['cropScale', 'SHARE'],
      },
    ),
  ),
  cropRatio: number(
    { from: 1, to: 10 },
    {
      help: 'most that the sides of such a crop differ, wide or high: 1.25 is from 4:5 to 5:4',
      default: 4 / 3,
      standard: '4/3',
      added: true,
      flag: ['cropRatio', 'RATIO'],
    },
  ),
  flip: boolean({ help: 'mirror half of the images, chosen at random' }),
  cutout: whole(
    { from: 0 },
    {
      help: 'side of a square blanked out of every training image; 0 for none',
      unit: 'pixels',
      flag: ['cutout', 'PIXELS'],
    },
  ),
  mixup: number(
    { from: 0 },
    { help: 'mix pairs of images, with shares from Beta(ALPHA, ALPHA); 0 for none', flag: ['mixup', 'ALPHA'] },
  ),
});

const evaluation = group({
  everyEpochs: whole(
    { from: 1 },
    { help: 'how often to evaluate; the last epoch always is', unit: 'epochs', default: 1 },
  ),
  batch: whole({ from: 1, to: 65_536 }, { help: 'images per step of evaluation', unit: 'images', default: 128 }),
  validation: orNull(
    'none; the last epoch is the result',
    number(
      { above: 0, below: 1 },
      {
        help: 'hold out this share of the training images; the epoch that does best on them is the result',
        flag: ['validation', 'SHARE'],
      },
    ),
  ),
});

const checkpoint = group({
  everyEpochs: whole(
    { from: 1 },
    { help: 'how often to write a checkpoint; the last epoch always ends with one', unit: 'epochs', default: 1 },
  ),
  everySteps: orNull('never', whole({ from: 1 }, { help: 'checkpoints within an epoch as well', unit: 'steps' })),
});

/** All settings of a training. The order is that of config.json. */
export const trainSettings = group({
  recipe: choice(recipeNames, {
    help: 'settings that belong together, for all that are not given',
    default: 'fast',
    standard: 'fast; finetune with `weights.file`',
    flag: 'recipe',
  }),
  model: group(
    {
      name: text({
        help: 'the network: a name that rectio models lists, or the path of a file with one',
        required: true,
        flag: ['model', 'MODEL'],
      }),
      shortcut: orNull(
        "the network's own",
        choice(['A', 'B'], { help: 'shortcuts that change shape: A pads with zeros, B projects', flag: 'shortcut' }),
      ),
    },
    'name',
  ),
  weights: group(
    {
      file: orNull(
        'drawn from the seed',
        text({
          help: 'start from pretrained weights in this safetensors file; a classifier of another size starts fresh',
          flag: ['weights', 'FILE'],
        }),
      ),
      partial: boolean({
        help: 'take what fits of the pretrained weights, even if they are of another network',
        default: false,
        flag: 'weightsPartial',
      }),
      frozenEpochs: whole(
        { from: 0 },
        {
          help: 'train only the classifier for so many epochs, and all weights after them',
          unit: 'epochs',
          default: 0,
          added: true,
          flag: ['freeze', 'EPOCHS'],
        },
      ),
    },
    'file',
  ),
  ratio,
  data,
  seed: whole(seedRange, {
    help: 'seed of initial weights, order of images, augmentation and dropout',
    default: 0,
    flag: ['seed', 'NUMBER'],
  }),
  epochs: whole({ from: 1, to: 100_000 }, { help: 'passes over the training images', flag: ['epochs', 'COUNT'] }),
  batch: whole({ from: 1, to: 65_536 }, { help: 'images per step', flag: ['batch', 'IMAGES'] }),
  optimizer,
  schedule,
  labelSmoothing: number(
    { from: 0, below: 1 },
    { help: 'share of each target spread over all classes', flag: ['labelSmoothing', 'SHARE'] },
  ),
  clipNorm: orNull(
    'not clipped',
    number(
      { above: 0 },
      { help: 'largest norm of the whole gradient; a larger one is scaled down', flag: ['clipNorm', 'NORM'] },
    ),
  ),
  transforms,
  averageDecay: orNull(
    'none',
    number(
      { from: 0, below: 1 },
      { help: 'evaluate a moving average of the weights, with this decay per step', flag: ['ema', 'DECAY'] },
    ),
  ),
  evaluation,
  checkpoint,
  log: group({
    everySteps: whole({ from: 1 }, { help: 'how often a line goes into metrics.jsonl', unit: 'steps', default: 10 }),
  }),
});

/** Complete settings. */
export type TrainConfig = Infer<typeof trainSettings>;

/** Settings of which any may be left out. A text stands for a record's main setting: `data: 'cifar10'`, `ratio: '2:1'`. */
export type TrainConfigInput = Exclude<InferInput<typeof trainSettings>, string>;

export type ModelConfig = TrainConfig['model'];
export type RatioConfig = TrainConfig['ratio'];
export type OptimizerConfig = TrainConfig['optimizer'];
export type Schedule = TrainConfig['schedule'];
