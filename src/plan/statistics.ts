/** The plan that measures what batch norms see: forward calls only, with the statistics of each batch. */

import type { Graph } from '../graph/graph.js';
import { createDraft, finishPlan } from './draft.js';
import { fuse } from './fuse.js';
import { lowerGraph } from './lowering.js';
import type { Plan } from './plan.js';

export interface StatisticsPlanOptions {
  /** Images in a batch, 1 or more. */
  readonly batch: number;
  /** Seed of the dropout masks, a whole number; default 0. */
  readonly seed?: number;
}

/**
 * Input `images` [N, …], output `logits` [N, classes]. Computes as in training, without loss, gradients or updates. After
 * a step, the running statistics are those of its batch alone: every batch norm has momentum 1 here.
 * @throws RectioError `graph` if the graph is not well formed, `plan` if it does not end in a vector.
 */
export function statisticsPlan(graph: Graph, { batch, seed = 0 }: StatisticsPlanOptions): Plan {
  const draft = createDraft();
  const { calls, images, logits } = lowerGraph(draft, ofOneBatch(graph), {
    mode: 'training',
    batch,
    seed,
    folds: new Map(),
  });
  return finishPlan(draft, {
    name: `${graph.name}, statistics, batch ${batch}`,
    mode: 'training',
    batch,
    calls: fuse(calls, [logits]),
    inputs: { images },
    outputs: { logits },
  });
}

/** The network with batch norms that remember only the last batch. */
function ofOneBatch(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.op.kind === 'batchNorm' ? { ...node, op: { ...node.op, momentum: 1 } } : node,
    ),
  };
}
