/** Whether a network is for the images and classes of a dataset. */

import type { Dataset } from '../data/index.js';
import type { Graph } from '../graph/index.js';
import { checkFit } from '../network-file/index.js';

/** @throws RectioError `graph` if the network is for another image shape or number of classes */
export function checkDataFit(graph: Graph, { name, classes, shape }: Dataset): void {
  const asked = { classes: classes.length, inputShape: shape };
  checkFit(graph.name, graph, asked, {
    input: `Build the network for the images of ${name}: [${shape.join(', ')}].`,
    classes: `Let its last layer have ${classes.length} outputs, as ${name} has classes.`,
  });
}
