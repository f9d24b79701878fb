/** Prints a Graph as text, one line for each node: for people, for snapshot tests, and to review what a pass changed. */

import type { Graph, Node, Place } from './graph.js';
import type { Shape } from './op.js';
import { opTable } from './op-table.js';
import { inferShapes } from './shapes.js';
import { printShape } from './sizes.js';

/**
 * The network as text: one line `name = op(inputs, attributes): shape` for each node, and a heading when the place changes.
 * Columns are not aligned, so that a changed node changes one line only.
 * @throws RectioError `graph` if the shapes do not fit.
 */
export function printGraph(graph: Graph): string {
  const shapes = inferShapes(graph);
  const lines = [graph.name];
  let place = '';
  for (const node of graph.nodes) {
    const next = printPlace(node.place);
    if (next !== place) lines.push(next === '' ? '-' : next);
    place = next;
    lines.push(`  ${printNode(node, shapes.get(node.name)!)}`);
  }
  return `${lines.join('\n')}\n`;
}

function printPlace({ stage, block, role }: Place): string {
  return [stage && `stage ${stage}`, block && `block ${block}`, role].filter(Boolean).join(', ');
}

function printNode({ name, op, inputs }: Node, shape: Shape): string {
  const values: { readonly [attribute: string]: unknown } = { ...op };
  const attributes = Object.keys(opTable[op.kind].attributes).map((key) => `${key} ${printValue(values[key])}`);
  return `${name} = ${op.kind}(${[...inputs, ...attributes].join(', ')}): ${printShape(shape)}`;
}

const printValue = (value: unknown): string => (Array.isArray(value) ? value.join('×') : String(value));
