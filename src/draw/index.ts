/** A network as a picture: pure, from Graph to the text of an SVG file. */

import type { Graph } from '../graph/index.js';
import { inspectGraph } from '../inspect/index.js';
import { applyRatio, type ProportionReport } from '../proportion/index.js';
import { pageOf } from './page.js';
import { sectionsOf } from './parts.js';
import { sketchOf } from './sketch.js';

export { activationMarks, marks } from './marks.js';

/**
 * Draws a network as one would sketch it: the main path from top to bottom in columns, branches side by side, shortcuts
 * as arcs, kept activations filled and dropped ones hollow, blocks that repeat folded into one. `report` is what
 * `applyRatio` said when it made the graph; without one, the graph is taken as it is, at 1:1.
 * @returns an SVG document that follows the reader's light or dark scheme; the same for the same network, always
 * @throws RectioError `graph` where the shapes do not fit.
 */
export function drawGraph(graph: Graph, report: ProportionReport = applyRatio(graph).report): string {
  return pageOf(sectionsOf(sketchOf(graph, report)), inspectGraph(graph, report), report);
}
