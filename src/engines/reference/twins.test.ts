/**
 * Losses, gradients and running statistics of a step of training against those of the networks' twins, the reference
 * implementations. Both compute in float64: in float32 some value close to zero would fall on the other side of a ReLU,
 * and whole gradients would differ by some percent. This file compares the quick networks; `node bench/check-twins.js`
 * compares all.
 */

import { describe, expect, it } from 'vitest';

import { readTwin } from '../../zoo/testing/twins.js';
import { chosenTwins, tell, trainingErrors, type RunStep } from '../testing/twins.js';
import { runReference } from './index.js';

const quick = [
  'resnet18',
  'googlenet',
  'squeezenet1_1',
  'mobilenet_v1',
  'mobilenet_v2',
  'mobilenet_v3_small',
  'mnasnet1_0',
  'shufflenet_v2_x1_0',
  'efficientnet_b0',
  'regnet_y_400mf',
  'resnet20',
  'preresnet20',
];

/** The fixture stores nine digits. */
const TOLERANCE = 1e-7;

const run: RunStep = (plan, weights, inputs) =>
  runReference(plan, new Map([...weights, ...Object.entries(inputs)]), { step: 0 });

describe('the reference engine', () => {
  const trained = chosenTwins(quick).filter((name) => readTwin(name).training !== undefined);

  it.each(trained)('trains %s by the gradients of its twin', async (name) => {
    const start = performance.now();
    const errors = await trainingErrors(name, run);
    tell(name, 'gradients', errors[0]!.error, performance.now() - start, errors[0]!.tensor);
    expect(errors.filter(({ error }) => !(error < TOLERANCE))).toEqual([]);
  });
});
