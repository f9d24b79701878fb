/** The weights of others that a new training begins with, if any. */

import type { Graph, Parameter } from '../graph/index.js';
import type { InitialWeights } from '../run/index.js';
import type { TrainConfig } from '../config/index.js';

/**
 * Reads them from the file that the settings name.
 * @throws RectioError `weights` if the file is broken or of another network
 */
export async function initialWeights(
  { weights }: TrainConfig,
  network: Graph,
): Promise<{ readonly initial?: InitialWeights }> {
  if (weights.file === null) return {};
  const [{ loadWeights }, { isLeftOut, publishedParameter }] = await Promise.all([
    import('./weights.js'),
    import('../zoo/published.js'),
  ]);
  const publication = {
    entryOf: (parameter: Parameter) => publishedParameter(network.name, parameter),
    leavesOut: (entry: string) => isLeftOut(network.name, entry),
  };
  return { initial: await loadWeights(weights.file, network, { publication, partial: weights.partial }) };
}
