/** Sums up how large gradients are at initial weights, from the last convolution back to the first. */

import { RectioError } from '../base/error.js';
import { formatCount } from '../base/numbers.js';
import type { Graph } from '../graph/index.js';
import { findUnits } from '../proportion/index.js';
import { predictedDecades } from './gradient-theory.js';

/** Images in a batch, and how many initial weights to measure, unless others are asked for. */
export const gradientDefaults = { batch: 64, seeds: 3 } as const;

/** A quantity over several seeds. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The gradients at one convolution. A size is the Euclidean norm over all values of the batch; means are geometric. */
export interface LayerGradients {
  /** The convolution's node. */
  readonly name: string;
  /** Of the gradient with respect to what the convolution reads; null if that depends on no weight, as the images do. */
  readonly input: Spread | null;
  /** Of the weight's gradient. */
  readonly weight: Spread;
}

/** The gradients of a network at one ratio. */
export interface GradientArm {
  /** As the ratio's label has it: `1:1`, `2:1@10`. */
  readonly ratio: string;
  /**
   * The figure that sums it up: log₁₀ of the first `input` over the last. Above 0 gradients grow on their way back, below 0
   * they shrink. Null if fewer than two convolutions have an `input`, or if one of the two sizes is 0.
   */
  readonly decades: Spread | null;
  /** What mean-field theory gives for `decades`; null if it does not apply to this network. */
  readonly theory: number | null;
  /** The same as `decades` for the first and the last convolution's weight. */
  readonly weightDecades: Spread | null;
  /** The convolutions of the main path, in forward order. */
  readonly layers: readonly LayerGradients[];
}

export interface GradientReport {
  readonly model: string;
  /** Images in the batch, and where they are from. */
  readonly batch: number;
  readonly data: string;
  readonly engine: string;
  /** Of the initial weights. */
  readonly seeds: readonly number[];
  /** 1:1 and, if another ratio was asked for, that one. */
  readonly arms: readonly GradientArm[];
  /** What the figures mean, in plain English. */
  readonly meaning: string;
}

/** The norms of one seed, by the names of a training plan's outputs: `norm:<convolution>.weight` and `….input`. */
export type GradientNorms = { readonly [output: string]: number };

/**
 * Sums up the norms of a network at one ratio.
 * @param seeds one record for each seed
 * @throws RectioError `graph` if the network has no convolution on its main path, `training` if a norm is not finite
 */
export function gradientArm(ratio: string, graph: Graph, seeds: readonly GradientNorms[]): GradientArm {
  const names = findUnits(graph).map(({ name }) => name);
  if (names.length === 0) {
    throw new RectioError(
      'graph',
      `${graph.name} has no convolution whose gradients could be measured`,
      'Take a network with convolutions.',
    );
  }
  checkFinite(graph.name, ratio, seeds);
  const at = (output: string): number[] => seeds.flatMap((norms) => norms[output] ?? []);
  const inputs = names.map((name) => at(`norm:${name}.input`)).filter((sizes) => sizes.length > 0);
  const weights = names.map((name) => at(`norm:${name}.weight`));
  return {
    ratio,
    decades: inputs.length < 2 ? null : decadesBetween(inputs[0]!, inputs.at(-1)!),
    theory: predictedDecades(graph),
    weightDecades: weights.length < 2 ? null : decadesBetween(weights[0]!, weights.at(-1)!),
    layers: names.map((name, index) => {
      const sizes = at(`norm:${name}.input`);
      return { name, input: sizes.length === 0 ? null : sizeOver(sizes), weight: sizeOver(weights[index]!) };
    }),
  };
}

function checkFinite(model: string, ratio: string, seeds: readonly GradientNorms[]): void {
  const broken = seeds.flatMap((norms) => Object.entries(norms)).find(([, norm]) => !Number.isFinite(norm));
  if (broken === undefined) return;
  throw new RectioError(
    'training',
    `The gradient at ${broken[0].slice('norm:'.length)} of ${model} at ${ratio} is not a finite number`,
    'The network cannot be trained from these weights: it is too deep without a norm, or its images are not finite.',
  );
}

function decadesBetween(first: readonly number[], last: readonly number[]): Spread | null {
  const decades = first.map((size, seed) => Math.log10(size / last[seed]!));
  if (!decades.every(Number.isFinite)) return null;
  return spreadOf(decades, mean(decades));
}

const sizeOver = (sizes: readonly number[]): Spread => spreadOf(sizes, Math.exp(mean(sizes.map(Math.log))));

const spreadOf = (values: readonly number[], middle: number): Spread => ({
  mean: middle,
  low: Math.min(...values),
  high: Math.max(...values),
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Says in a few sentences what the figures mean. */
export function gradientMeaning(arms: readonly GradientArm[]): string {
  const [baseline, asked] = arms;
  if (arms.some(({ decades }) => decades === null)) {
    return 'There is no first and last gradient to compare: fewer than two convolutions have one, or one of them is 0.';
  }
  const changes = arms.map(
    ({ ratio, decades }, index) =>
      `at ${ratio} they ${changeOf(decades!.mean)}${index === 0 ? ' from the last convolution back to the first' : ''}`,
  );
  return [
    `Gradients before training: ${changes.join('; ')}.`,
    ...(baseline && asked ? [comparison(baseline, asked)] : []),
    ...firstStep(arms),
    'This says how even the start is, not which network ends better.',
  ].join(' ');
}

/** Below this many decades, 1.26-fold, a change is no change. */
const even = 0.1;

function changeOf(decades: number): string {
  if (Math.abs(decades) < even) return 'keep their size';
  return `${decades > 0 ? 'grow' : 'shrink'} ${times(decades)}-fold`;
}

/** 10 to this power with two digits: `12,000`. */
function times(decades: number): string {
  const factor = 10 ** Math.abs(decades);
  if (factor < 9.95) return factor.toFixed(1);
  if (factor >= 1e9) return `10^${Math.abs(decades).toFixed(1)}`;
  return formatCount(Number(factor.toPrecision(2)));
}

function comparison(baseline: GradientArm, asked: GradientArm): string {
  const [before, after] = [Math.abs(baseline.decades!.mean), Math.abs(asked.decades!.mean)];
  if (Math.abs(before - after) < even) return `${asked.ratio} changes little: gradients are about as uneven as at 1:1.`;
  return `${asked.ratio} makes gradients ${after < before ? 'more' : 'less'} even through the depth.`;
}

/** What the weights' gradients mean for one learning rate. */
function firstStep(arms: readonly GradientArm[]): string[] {
  const known = arms.flatMap(({ ratio, weightDecades }) =>
    weightDecades === null || Math.abs(weightDecades.mean) < even ? [] : [{ ratio, decades: weightDecades.mean }],
  );
  if (known.length === 0) return [];
  const parts = known.map(({ ratio, decades }, index) => {
    const length = `${times(decades)} times as ${decades > 0 ? 'long' : 'short'}`;
    return `${length}${index === 0 ? " as the last one's" : ''} at ${ratio}`;
  });
  return [`With one learning rate, the first convolution's first step of SGD is ${parts.join(', and ')}.`];
}
