/** The check of a plan's networks before the first training. */

import type { StudyPlan } from '../../study/index.js';
import { openNetwork } from '../../prepare/index.js';

/** Refuses unknown networks and impossible ratios before the first training starts. */
export async function checkNetworks({ arms }: StudyPlan): Promise<void> {
  const [{ applyRatio }, { proportionOptions }] = await Promise.all([
    import('../../proportion/index.js'),
    import('../../config/index.js'),
  ]);
  for (const { config } of arms) {
    const network = await openNetwork(config.model);
    try {
      const graph = network.known();
      if (graph !== undefined) applyRatio(graph, proportionOptions(config.ratio));
    } finally {
      await network.close();
    }
  }
}
