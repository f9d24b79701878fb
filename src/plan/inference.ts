/** The inference plan: forward calls only, with batch norm folded. */

import type { Graph } from '../graph/graph.js';
import { createDraft, finishPlan } from './draft.js';
import { foldedNorms } from './fold.js';
import { fuse } from './fuse.js';
import { lowerGraph } from './lowering.js';
import type { Plan } from './plan.js';

/**
 * Input `images` [N, …], output `logits` [N, classes]. A batch norm that follows a convolution is folded into the
 * convolution's weight and bias; any other becomes `<norm>.scale` and `<norm>.shift`. `foldWeights` computes these parameters.
 * @throws RectioError `graph` if the graph is not well formed, `plan` if it does not end in a vector.
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
