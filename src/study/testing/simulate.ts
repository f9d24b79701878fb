/** Studies whose truth is known: outcomes drawn from a model of networks, seeds and test examples. */

import { randomStream, type RandomStream } from '../../base/random.js';
import type { Outcome } from '../statistics/index.js';

export interface SimulatedStudy {
  /** The first is the baseline. */
  readonly ratios: number;
  readonly seeds: number;
  readonly examples: number;
  /** Added to the first ratio behind the baseline, on the scale of `difficulty`; 0: no true difference. */
  readonly shift: number;
}

/**
 * An example's difficulty is normal, so that a fifth or so is near the border; each ratio finds some examples harder or
 * easier than the others do, each seed is a little better or worse, alike for all ratios (shared weights and order) and
 * for each by itself. All of them are drawn anew for every study, so that ratios without a shift have the same error
 * over all possible seeds and examples, and only there.
 */
const scales = { difficulty: 1, ratioByExample: 0.12, seed: 0.01, seedByRatio: 0.01, noise: 0.35 };
/** Leaves an error of about 10 %. */
const border = 1.39;

/** For each ratio the outcomes of all seeds. */
export function simulateStudy({ ratios, seeds, examples, shift }: SimulatedStudy, number: number): Outcome[][] {
  const stream = randomStream(number, 0x73696d75);
  const draw = (scale: number): number => scale * stream.normal();
  const difficulty = Float64Array.from({ length: examples }, () => draw(scales.difficulty));
  const bySeed = Array.from({ length: seeds }, () => draw(scales.seed));
  return Array.from({ length: ratios }, (_, ratio) => {
    const byExample = difficulty.map((value) => value + draw(scales.ratioByExample) + (ratio === 1 ? shift : 0));
    return bySeed.map((common, seed) => ({
      seed,
      wrong: answers(byExample, common + draw(scales.seedByRatio), stream),
    }));
  });
}

function answers(difficulty: Float64Array, seedEffect: number, stream: RandomStream): Int8Array {
  const wrong = new Int8Array(difficulty.length);
  for (let i = 0; i < wrong.length; i++) {
    wrong[i] = difficulty[i]! + seedEffect + scales.noise * stream.normal() > border ? 1 : 0;
  }
  return wrong;
}

/**
 * The true difference in points that a shift makes, from the error function of the model's normal distributions summed
 * over many examples.
 */
export function trueDifference(shift: number): number {
  const deviation = Math.hypot(scales.difficulty, scales.ratioByExample, scales.seed, scales.seedByRatio, scales.noise);
  return 100 * (normalTail((border - shift) / deviation) - normalTail(border / deviation));
}

/** P(Z > z), by Simpson's rule. */
function normalTail(z: number): number {
  const [steps, end] = [2000, 12];
  const width = (end - z) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const x = z + i * width;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-0.5 * x * x);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}
