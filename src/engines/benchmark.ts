/** Times a network's bare step: random images in memory, no loader, no logging. */

import { RectioError } from '../base/error.js';
import { median, medianInterval } from '../base/median.js';
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
  const { batch, steps, warmUp } = options;
  refuseNoSteps(steps);
  const bench = await openBench(options);
  try {
    const times: number[] = [];
    for (let step = 0; step < warmUp + steps; step++) {
      // Discards the costs of the warm-up.
      if (step === warmUp) await bench.program.profile?.();
      const time = await bench.step();
      if (step >= warmUp) times.push(time);
    }
    const costs = await bench.program.profile?.();
    return {
      ...summary(times, batch),
      ...(costs === undefined ? {} : { profile: costsByKind(costs, steps) }),
    };
  } finally {
    await bench.program.dispose();
  }
}

export interface AgainstOptions extends BenchmarkOptions {
  /** The network that `graph` is compared with. */
  readonly against: Graph;
}

export interface AgainstResult {
  readonly step: BenchmarkResult;
  readonly against: BenchmarkResult;
  /** The time of a step of `graph` over that of the step of `against` before it: the median, and its 95 % interval. */
  readonly timeRatio: {
    readonly median: number;
    readonly interval: { readonly low: number; readonly high: number } | null;
  };
  /** Bytes of device memory that each holds. */
  readonly bytes: { readonly step: number; readonly against: number };
}

/**
 * Times two networks in turn, step by step (A B A B …), so that whatever else the machine does slows both alike.
 * @throws RectioError `usage` if there are no steps to time
 */
export async function benchmarkAgainst(options: AgainstOptions): Promise<AgainstResult> {
  const { batch, steps, warmUp } = options;
  refuseNoSteps(steps);
  const against = await openBench({ ...options, graph: options.against });
  try {
    const bench = await openBench(options);
    try {
      const times: { own: number; other: number }[] = [];
      for (let step = 0; step < warmUp + steps; step++) {
        const other = await against.step();
        const own = await bench.step();
        if (step >= warmUp) times.push({ own, other });
      }
      const ratios = times.map(({ own, other }) => own / other);
      return {
        step: summary(
          times.map(({ own }) => own),
          batch,
        ),
        against: summary(
          times.map(({ other }) => other),
          batch,
        ),
        timeRatio: { median: median(ratios), interval: medianInterval(ratios) },
        bytes: { step: bench.program.bytes, against: against.program.bytes },
      };
    } finally {
      await bench.program.dispose();
    }
  } finally {
    await against.program.dispose();
  }
}

interface Bench {
  readonly program: Program;
  /** Runs one step. @returns its milliseconds */
  readonly step: () => Promise<number>;
}

async function openBench({ graph, engine, batch, mode }: BenchmarkOptions): Promise<Bench> {
  const training = mode === 'train';
  const plan = training ? trainingPlan(graph, { batch, optimizer }) : inferencePlan(graph, { batch });
  const program = await engine.compile(plan);
  try {
    const weights = initializeWeights(graph, seed);
    await writeWeights(program, training ? weights : foldWeights(graph, weights));
  } catch (error) {
    await program.dispose();
    throw error;
  }
  const inputs = randomInputs(plan);
  let count = 0;
  return {
    program,
    async step() {
      const start = performance.now();
      await program.run(inputs, training ? { learningRate, step: count } : {});
      count++;
      return performance.now() - start;
    },
  };
}

function refuseNoSteps(steps: number): void {
  if (steps >= 1) return;
  throw new RectioError('usage', 'A benchmark needs at least one step', 'Raise the number of steps.');
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
  const sorted = times.toSorted((a, b) => a - b);
  const middle = median(sorted);
  return {
    imagesPerSecond: (batch / middle) * 1000,
    stepMs: { min: sorted[0]!, median: middle, max: sorted.at(-1)! },
  };
}
