/** The inference plan: forward only, batch norm folded, nothing kept for a backward half. */

import type { Graph } from '../graph/graph.js';
import { createDraft, finishPlan } from './draft.js';
import { foldedNorms } from './fold.js';
import { fuse } from './fuse.js';
import { lowerGraph } from './lowering.js';
import type { Plan } from './plan.js';

/**
 * Input `images` [N, …], output `logits` [N, classes]. A batch norm behind a convolution is folded into its weight
 * and bias, any other becomes `<norm>.scale` and `<norm>.shift`: `foldWeights` makes the parameters.
 * @throws RectioError `graph` where the graph is not well formed, `plan` where it does not end in a vector.
 */
export function inferencePlan(graph: Graph, { batch }: { readonly batch: number }): Plan {
  const draft = createDraft();
  const folds = foldedNorms(graph);
  const { calls, images, logits } = lowerGraph(draft, graph, { mode: 'inference', batch, seed: 0, folds });
  return finishPlan(draft, {
    name: `${graph.name}, inference, batch ${batch}`,
    mode: 'inference',
    batch,
    calls: fuse(calls, [logits]),
    inputs: { images },
    outputs: { logits },
  });
}
