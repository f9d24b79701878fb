/** Recipes: named sets of settings that belong together, each with its source. */

import { standardTransforms } from '../data/transforms.js';
import type { RecipeName } from './recipe-names.js';
import type { TrainConfig } from './settings.js';

/** What a recipe says; everything else has a default or is the user's. */
export type RecipeSettings = Pick<
  TrainConfig,
  'epochs' | 'batch' | 'optimizer' | 'schedule' | 'labelSmoothing' | 'transforms'
>;

export interface Recipe {
  readonly name: RecipeName;
  /** How many steps a training on little data should have; it takes more epochs to have them. */
  readonly steps: number;
  /** One line for the help. */
  readonly description: string;
  readonly settings: RecipeSettings;
}

/** He et al. (2016), section 4.2: 64,000 steps of 128 of 45,000 images there; here the whole training split. */
const he2016: Recipe = {
  name: 'he2016',
  steps: 800,
  description: 'SGD with momentum, rate 0.1 divided by 10 at 50 % and 75 %: 164 epochs, as He et al. (2016)',
  settings: {
    epochs: 164,
    batch: 128,
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 1e-4, decayNormsAndBiases: true },
    schedule: { kind: 'step', learningRate: 0.1, warmupEpochs: 0, milestones: [0.5, 0.75], factor: 0.1 },
    labelSmoothing: 0,
    transforms: standardTransforms,
  },
};

const fast: Recipe = {
  name: 'fast',
  steps: 800,
  description: 'one-cycle with label smoothing and Nesterov: a good result in 5 to 30 epochs',
  settings: {
    epochs: 10,
    batch: 128,
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayNormsAndBiases: false },
    schedule: { kind: 'oneCycle', learningRate: 0.4, peakAt: 0.25, startFactor: 0.1, finalFactor: 0 },
    labelSmoothing: 0.1,
    transforms: standardTransforms,
  },
};

/** For weights that are good already: low rates, so that the first steps do not spoil them (Kornblith et al. 2019 use similar ones). */
const finetune: Recipe = {
  name: 'finetune',
  steps: 200,
  description: 'a low rate on a cosine after a short warm-up, for a training that starts from pretrained weights',
  settings: {
    epochs: 10,
    batch: 128,
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4, decayNormsAndBiases: false },
    schedule: { kind: 'cosine', learningRate: 0.01, warmupEpochs: 1, finalLearningRate: 0 },
    labelSmoothing: 0.1,
    transforms: standardTransforms,
  },
};

const recipes: { readonly [N in RecipeName]: Recipe } = { fast, he2016, finetune };

export function resolveRecipe(name: RecipeName): Recipe {
  return recipes[name];
}
