/** Times a network's bare step: random images in memory, no loader, no logging. */

import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import type { CallCost, Engine, Program, RunInputs } from './engine.js';
import { initializeWeights, type Graph } from '../graph/index.js';
import { foldWeights, inferencePlan, trainingPlan, type Plan } from '../plan/index.js';

export interface BenchmarkOptions {
  readonly graph: Graph;
  readonly engine: Engine;
  /** Images per step. */
  readonly batch: number;
  /** `train`: forward, backward and update; `eval`: forward, with batch norm folded. */
  readonly mode: 'train' | 'eval';
  /** Timed steps, at least 1. */
  readonly steps: number;
  /** Untimed steps before them. */
  readonly warmUp: number;
}

export interface BenchmarkResult {
  /** Computed from the median step. */
  readonly imagesPerSecond: number;
  /** Milliseconds. */
  readonly stepMs: { readonly min: number; readonly median: number; readonly max: number };
  /** Mean milliseconds per step by kind of kernel, most expensive first. Absent if the engine does not measure it. */
  readonly profile?: readonly KernelCost[];
}

export interface KernelCost {
  readonly kind: string;
  readonly milliseconds: number;
}

/** The same settings as those of the peers in bench/peers. */
const optimizer = {
  kind: 'sgd',
  momentum: 0.9,
  nesterov: false,
  weightDecay: 1e-4,
  decayNormsAndBiases: true,
} as const;
const learningRate = 0.1;
const seed = 0;

/**
 * Compiles the network, runs it on one random batch, and times the steps.
 * @throws RectioError `usage` if there are no steps to time
 */
export async function benchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const { graph, engine, batch, mode, steps, warmUp } = options;
  const training = mode === 'train';
  const plan = training ? trainingPlan(graph, { batch, optimizer }) : inferencePlan(graph, { batch });
  const program = await engine.compile(plan);
  try {
    const weights = initializeWeights(graph, seed);
    await writeWeights(program, training ? weights : foldWeights(graph, weights));
    const inputs = randomInputs(plan);
    const times: number[] = [];
    for (let step = 0; step < warmUp + steps; step++) {
      // Discards the costs of the warm-up.
      if (step === warmUp) await program.profile?.();
      const start = performance.now();
      await program.run(inputs, training ? { learningRate, step } : {});
      if (step >= warmUp) times.push(performance.now() - start);
    }
    const costs = await program.profile?.();
    return { ...summary(times, batch), ...(costs === undefined ? {} : { profile: costsByKind(costs, steps) }) };
  } finally {
    await program.dispose();
  }
}

async function writeWeights(program: Program, weights: ReadonlyMap<string, Float32Array>): Promise<void> {
  for (const [name, data] of weights) await program.write(name, data);
}

/** Normally distributed images and one-hot targets. */
function randomInputs(plan: Plan): RunInputs {
  const stream = randomStream(seed);
  const dims = (name: string): readonly number[] => plan.tensors[plan.inputs[name]!]!.dims;
  const count = (name: string) => dims(name).reduce((product, size) => product * size, 1);
  const images = Float32Array.from({ length: count('images') }, stream.normal);
  if (plan.inputs['targets'] === undefined) return { images };
  const targets = new Float32Array(count('targets'));
  const [rows = 0, classes = 0] = dims('targets');
  for (let row = 0; row < rows; row++) targets[row * classes + stream.below(classes)] = 1;
  return { images, targets };
}

function costsByKind(costs: readonly CallCost[], steps: number): KernelCost[] {
  const byKind = new Map<string, number>();
  for (const { kind, milliseconds } of costs) byKind.set(kind, (byKind.get(kind) ?? 0) + milliseconds / steps);
  return [...byKind]
    .map(([kind, milliseconds]) => ({ kind, milliseconds }))
    .toSorted((a, b) => b.milliseconds - a.milliseconds);
}

function summary(times: readonly number[], batch: number): BenchmarkResult {
  if (times.length === 0) {
    throw new RectioError('usage', 'A benchmark needs at least one step', 'Raise the number of steps.');
  }
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { imagesPerSecond: (batch / median) * 1000, stepMs: { min: sorted[0]!, median, max: sorted.at(-1)! } };
}
