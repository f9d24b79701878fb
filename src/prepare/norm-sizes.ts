/** Batch norms need more than one value per channel in training: the variance of one value is 0. */

import { RectioError } from '../base/error.js';
import { elements, inferShapes, type Graph } from '../graph/index.js';

/** @throws RectioError `usage` naming the first batch norm that would see one value per channel, as PyTorch refuses it */
export function checkNormSizes(graph: Graph, batch: number): void {
  if (batch > 1) return;
  const shapes = inferShapes(graph);
  for (const { name, op } of graph.nodes) {
    const [, ...positions] = shapes.get(name) ?? [];
    if (op.kind !== 'batchNorm' || elements(positions) > 1) continue;
    throw new RectioError(
      'usage',
      `With a batch of 1, the batch norm ${name} sees a single value per channel, whose variance is 0.`,
      'Set `batch` to 2 or more, or train on larger images.',
    );
  }
}
