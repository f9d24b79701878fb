/** Batch and epochs that suit the amount of data, where neither the user nor a file gave them. */

import { formatCount } from '../base/numbers.js';
import { resolveConfig } from './config.js';
import { resolveRecipe } from './recipes.js';
import type { TrainConfig, TrainConfigInput } from './settings.js';

/** Data are little if an epoch has fewer steps at the recipe's batch. */
const usualSteps = 50;
/** On little data an epoch gets at least so many steps, if the images suffice. */
const fewestSteps = 16;
/** In so few steps, a training does not recover from one that goes astray; deep networks would take such steps at first. */
const fewStepsClip = 1;
/** Smaller batches make batch norms noisy. */
const smallestBatch = 16;

export interface FittedConfig {
  readonly config: TrainConfig;
  /** What differs from the recipe and why, in sentences. */
  readonly notes: readonly string[];
}

/**
 * The complete settings for a number of training images. A recipe's batch and epochs are for tens of thousands of images; on a
 * few hundred, an epoch would be one or two steps, and the training over before anything is learned. So little data get a
 * smaller batch, more epochs and clipped gradients, unless these are given. From 50 steps of
 * the recipe's batch on, which are 6,400 images, nothing changes.
 * @throws RectioError as `resolveConfig`
 */
export function fitToData(given: TrainConfigInput, images: number): FittedConfig {
  const plain = resolveConfig(given);
  const recipe = resolveRecipe(plain.recipe);
  if (images >= usualSteps * recipe.settings.batch) return { config: plain, notes: notesOn(plain, given, images) };
  const batch = given.batch ?? suitableBatch(recipe.settings.batch, images);
  const stepsPerEpoch = Math.max(1, Math.floor(images / batch));
  const epochs = given.epochs ?? Math.max(plain.epochs, Math.ceil(recipe.steps / stepsPerEpoch));
  const ownRate = given.schedule?.learningRate !== undefined;
  const clipNorm = given.clipNorm === undefined && !ownRate ? fewStepsClip : plain.clipNorm;
  const config = resolveConfig(given, { batch, epochs, clipNorm });
  return { config, notes: notesOn(config, given, images) };
}

function suitableBatch(standard: number, images: number): number {
  const power = 2 ** Math.floor(Math.log2(Math.max(1, images / fewestSteps)));
  return Math.max(1, Math.min(standard, images, Math.max(power, smallestBatch)));
}

function notesOn(config: TrainConfig, given: TrainConfigInput, images: number): string[] {
  const { settings, name } = resolveRecipe(config.recipe);
  const { batch, epochs, schedule } = config;
  const changed = [
    ...(given.batch === undefined && batch !== settings.batch
      ? [`\`batch: ${batch}\` in place of ${settings.batch}`]
      : []),
    ...(given.epochs === undefined && epochs !== settings.epochs
      ? [`\`epochs: ${epochs}\` in place of ${settings.epochs}`]
      : []),
    ...(given.clipNorm === undefined && config.clipNorm !== null ? [`\`clipNorm: ${config.clipNorm}\``] : []),
  ];
  const scaled = given.schedule?.learningRate === undefined && batch !== settings.batch;
  return [
    ...(changed.length === 0
      ? []
      : [`${formatCount(images)} training images are few for recipe ${name}: ${changed.join(', ')}`]),
    ...(scaled
      ? [
          `learning rate ${schedule.learningRate}: that of recipe ${name}, ${settings.schedule.learningRate}, is for a batch of ` +
            `${settings.batch} and scales with it`,
        ]
      : []),
  ];
}
