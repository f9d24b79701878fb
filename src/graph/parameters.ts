/** Parameters and statistics of nodes, with their names in PyTorch's state_dict. */

import { applyRule, column, type Rules } from '../base/rules.js';
import type { Node } from './graph.js';
import type { Op, Shape } from './op.js';
import { opTable } from './op-table.js';
import type { LocalParameter, Parameter } from './ops/row.js';

export type { Initializer, LocalName, Parameter } from './ops/row.js';

const parameterRules: Rules<Op, [input: Shape], readonly LocalParameter[]> = column(opTable, 'parameters');

/** The parameters and statistics of a node, given the shape of its first input, in state_dict order. */
export function nodeParameters(node: Node, input: Shape): Parameter[] {
  return applyRule(parameterRules, node.op, input).map((part) => {
    return { name: `${node.name}.${part.local}`, node: node.name, ...part };
  });
}
