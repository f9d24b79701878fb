/** Plans of whole networks, with the values that a test starts them from. */

import { foldWeights, inferencePlan, trainingPlan, type OptimizerOptions, type Plan } from '../../plan/index.js';
import { filled, normal, testWeights } from '../../testing/index.js';
import type { RunInputs } from '../engine.js';
import type { Fragment } from './fragment.js';
import { kinks, withMargins } from './margins.js';
import type { NetworkCase } from './networks.js';

/** A plan, its initial values, and the runs to do. */
export type Trial = Pick<Fragment, 'plan' | 'inputs' | 'persistent' | 'runs' | 'scale'>;

function imagesFor({ graph, batch }: NetworkCase): Float32Array {
  const [input] = graph.nodes;
  const shape = input?.op.kind === 'input' ? input.op.shape : [];
  return filled(
    shape.reduce((product, size) => product * size, batch),
    normal,
    'images',
  );
}

/** Images and targets for a training plan. */
function trainingInputs(network: NetworkCase, plan: Plan): RunInputs {
  const [, classes = 1] = plan.tensors[plan.inputs['targets']!]!.dims;
  const targets = filled(network.batch * classes, { kind: 'oneHot', classes }, 'targets');
  return { images: imagesFor(network), targets };
}

/** Values written before the first step: all parameters and statistics, and averages equal to their tensors. */
function startingValues({ graph }: NetworkCase, plan: Plan): Map<string, Float32Array> {
  const weights = testWeights(graph);
  const averages = plan.tensors.flatMap(({ name, role, of }) =>
    role === 'average' ? [[name, weights.get(plan.tensors[of!]!.name)!] as const] : [],
  );
  return new Map([...weights, ...averages]);
}

/** One step forward and backward from weights with margins (see `margins.ts`); dropout draws at step 3. */
export function gradientTrial(network: NetworkCase): Trial {
  const plan = trainingPlan(network.graph, { batch: network.batch, labelSmoothing: 0.1, seed: 5 });
  const inputs = trainingInputs(network, plan);
  const scalars = { step: 3 };
  const persistent = withMargins(plan, inputs, startingValues(network, plan), scalars);
  return { plan, inputs, persistent, runs: [scalars], scale: 0 };
}

/** Three steps of the optimizer, with clipping and averages. */
export function stepsTrial(network: NetworkCase, optimizer: OptimizerOptions): Trial {
  const plan = trainingPlan(network.graph, {
    batch: network.batch,
    optimizer,
    clipNorm: 1,
    averageDecay: true,
    seed: 5,
  });
  return {
    plan,
    inputs: trainingInputs(network, plan),
    persistent: startingValues(network, plan),
    runs: [
      { learningRate: 0.1, step: 0, averageDecay: 0.5 },
      { learningRate: 0.1, step: 1, averageDecay: 0.9 },
      { learningRate: 0.05, step: 2, averageDecay: 0.9 },
    ],
    scale: 0,
  };
}

const kinked: ReadonlySet<string> = new Set(
  Object.entries(kinks).flatMap(([name, at]) => (at.length > 0 ? [name] : [])),
);

/**
 * The network with SiLU in place of every function that has a kink. Over several steps rounding moves values across kinks,
 * and no choice of weights prevents that.
 */
export function smoothed({ graph, batch, title }: NetworkCase): NetworkCase {
  const nodes = graph.nodes.map((node) =>
    kinked.has(node.op.kind) ? { ...node, op: { kind: 'silu' } as const } : node,
  );
  return { title: `${title}, smoothed`, graph: { ...graph, nodes }, batch };
}

export function inferenceTrial(network: NetworkCase): Trial {
  return {
    plan: inferencePlan(network.graph, { batch: network.batch }),
    inputs: { images: imagesFor(network) },
    persistent: foldWeights(network.graph, testWeights(network.graph)),
    runs: [{}],
    scale: 0,
  };
}

export const sgd: OptimizerOptions = {
  kind: 'sgd',
  momentum: 0.9,
  nesterov: true,
  weightDecay: 1e-2,
  decayNormsAndBiases: false,
};
/** The epsilon keeps gradients close to zero, which are mostly rounding, from changing weights at the full rate. */
export const adamw: OptimizerOptions = {
  kind: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-3,
  weightDecay: 1e-2,
  decayNormsAndBiases: true,
};
