/** What a masked network computes: its own batch norm statistics, and its logits. */

import type { Loader } from '../../data/index.js';
import type { Engine, Program } from '../../engines/engine.js';
import type { Graph } from '../../graph/index.js';
import { foldWeights, inferencePlan, statisticsPlan } from '../../plan/index.js';

/** Parameters and running statistics, by state_dict name. */
export type NetworkWeights = ReadonlyMap<string, Float32Array>;

/**
 * The weights with running statistics measured anew: the mean over the loader's batches of each batch's mean and variance
 * (as PyTorch's `update_bn`). The other weights are passed on.
 * @param loader batches of training images; none is padded
 */
export async function withMeasuredStatistics(
  engine: Engine,
  graph: Graph,
  weights: NetworkWeights,
  loader: Loader,
): Promise<NetworkWeights> {
  const plan = statisticsPlan(graph, { batch: loader.batch });
  const names = plan.tensors.filter(({ role }) => role === 'statistic').map(({ name }) => name);
  if (names.length === 0) return weights;
  const program = await engine.compile(plan);
  try {
    for (const { name, role } of plan.tensors) {
      if (role === 'parameter' || role === 'statistic') await program.write(name, weights.get(name)!);
    }
    const sums = new Map(names.map((name) => [name, new Float64Array(weights.get(name)!.length)]));
    let batches = 0;
    for await (const { images } of loader.epoch(0)) {
      await program.run({ images }, { step: batches++ });
      for (const [name, sum] of sums) {
        const measured = await program.read(name);
        for (let i = 0; i < sum.length; i++) sum[i]! += measured[i]!;
      }
    }
    const means = [...sums].map(([name, sum]) => [name, Float32Array.from(sum, (value) => value / batches)] as const);
    return new Map([...weights, ...means]);
  } finally {
    await program.dispose();
  }
}

/** The logits of every image of the loader, a row for each. */
export async function logitsOf(
  engine: Engine,
  graph: Graph,
  weights: NetworkWeights,
  loader: Loader,
): Promise<Float32Array> {
  const program = await engine.compile(inferencePlan(graph, { batch: loader.batch }));
  try {
    for (const [name, data] of foldWeights(graph, weights)) await program.write(name, data);
    return await allLogits(program, loader);
  } finally {
    await program.dispose();
  }
}

async function allLogits(program: Program, loader: Loader): Promise<Float32Array> {
  const rows: Float32Array[] = [];
  for await (const { images, count } of loader.epoch(0)) {
    const { logits } = await program.run({ images }, {});
    rows.push(logits!.subarray(0, (logits!.length / loader.batch) * count));
  }
  const all = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
