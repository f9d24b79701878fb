/** Which part of a network is its classifier. */

import type { Graph } from './graph.js';
import { graphParameters } from './shapes.js';

/** The nodes that decide between classes: the last layer with weights, and what stands between it and the output. */
export function classifierOf({ nodes }: Graph): ReadonlySet<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  let node = nodes.at(-1);
  while (node !== undefined && node.inputs.length === 1) {
    found.add(node.name);
    if (node.op.kind === 'linear' || node.op.kind === 'convolution') break;
    node = byName.get(node.inputs[0]!);
  }
  return found;
}

/** The names of the classifier's parameters. */
export function classifierParameters(graph: Graph): ReadonlySet<string> {
  const classifier = classifierOf(graph);
  return new Set(
    graphParameters(graph)
      .filter(({ node }) => classifier.has(node))
      .map(({ name }) => name),
  );
}
