/** Shape inference. */

import { RectioError } from '../base/error.js';
import { applyRule, column, type Rules } from '../base/rules.js';
import { nearest } from '../base/suggest.js';
import type { Graph, Node } from './graph.js';
import type { Op, Shape } from './op.js';
import { opTable } from './op-table.js';
import type { Refuse } from './ops/row.js';
import { nodeParameters, type Parameter } from './parameters.js';
import { show } from './show.js';
import { elements, largestExtent, printShape } from './sizes.js';

const shapeRules: Rules<Op, [inputs: readonly Shape[], refuse: Refuse], Shape> = column(opTable, 'shape');

/**
 * The shape of one node's output for one example, given the shapes of its inputs.
 * @throws RectioError `graph` naming the node, what was expected and what was found.
 */
export function nodeShape(node: Node, inputs: readonly Shape[]): Shape {
  const refuse: Refuse = (problem, hint) => {
    throw new RectioError('graph', `Node ${node.name} (${node.op.kind}): ${problem}`, hint);
  };
  const [least, most] = opTable[node.op.kind].inputs;
  if (inputs.length < least || inputs.length > most) {
    const expected = most === Infinity ? `${least} or more` : String(least);
    refuse(`expected ${expected} input${expected === '1' ? '' : 's'}, found ${inputs.length}`, 'Correct its inputs.');
  }
  const shape = applyRule(shapeRules, node.op, inputs, refuse);
  for (const size of [shape, ...nodeParameters(node, inputs[0] ?? []).map((parameter) => parameter.shape)]) {
    if (elements(size) > largestExtent) {
      refuse(
        `a tensor ${printShape(size)} is larger than an engine can address`,
        'Use fewer channels or smaller inputs.',
      );
    }
  }
  return shape;
}

/**
 * The shape of every node's output for one example, by the node's name.
 * @throws RectioError `graph` naming the first node that does not fit its inputs.
 */
export function inferShapes(graph: Graph): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const node of graph.nodes) shapes.set(node.name, nodeShape(node, inputShapes(node, shapes)));
  return shapes;
}

/** The shapes of a node's inputs, given those of all earlier nodes. */
export function inputShapes(node: Node, shapes: ReadonlyMap<string, Shape>): Shape[] {
  return node.inputs.map((input: unknown) => {
    if (typeof input !== 'string') {
      throw new RectioError(
        'graph',
        `Node ${node.name} (${node.op.kind}): an input is ${show(input)}`,
        'Give the return value of the call that added another node.',
      );
    }
    const shape = shapes.get(input);
    if (shape === undefined) {
      const [near] = nearest(input, shapes.keys(), 1);
      throw new RectioError(
        'graph',
        `Node ${node.name} (${node.op.kind}): its input ${show(input)} is not an earlier node`,
        `${near === undefined ? '' : `Did you mean ${near}? `}Every node must come after its inputs.`,
      );
    }
    return shape;
  });
}

/** All parameters of a network in state_dict order, learned and remembered. */
export function graphParameters(graph: Graph): Parameter[] {
  const shapes = inferShapes(graph);
  return graph.nodes.flatMap((node) => nodeParameters(node, shapes.get(node.inputs[0] ?? '') ?? []));
}
