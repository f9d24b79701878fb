/** Draws a network: a pure function from a Graph to SVG text. */

import type { Graph } from '../graph/index.js';
import { inspectGraph, type GradientReport } from '../inspect/index.js';
import { applyRatio, type ProportionReport } from '../proportion/index.js';
import { gradientFigure } from './gradients.js';
import { pageOf } from './page.js';
import { sectionsOf } from './parts.js';
import { sketchOf } from './sketch.js';

export { drawGradients } from './gradients.js';
export { activationMarks, marks } from './marks.js';

/**
 * Draws a network as one would sketch it by hand. The main path runs from top to bottom in columns, branches stand side
 * by side, and shortcuts are arcs. Kept activations are filled, dropped ones hollow. Repeated blocks fold into one.
 * @param report the report of the `applyRatio` call that made the graph; without it, the graph counts as 1:1
 * @param gradients what `inspectGradients` found; drawn below the network
 * @returns an SVG document that follows the reader's light or dark scheme; the same network always gives the same text
 * @throws RectioError `graph` if the shapes do not fit
 */
export function drawGraph(
  graph: Graph,
  report: ProportionReport = applyRatio(graph).report,
  gradients?: GradientReport,
): string {
  const below = gradients === undefined ? undefined : gradientFigure(gradients);
  return pageOf(sectionsOf(sketchOf(graph, report)), inspectGraph(graph, report), report, below);
}
