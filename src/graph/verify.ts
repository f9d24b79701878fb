/** Checks that a Graph is well formed. Every pass may rely on this and must preserve it. */

import { RectioError } from '../base/error.js';
import { checkOp } from './attributes.js';
import type { Graph } from './graph.js';
import { inferShapes } from './shapes.js';
import { show } from './show.js';

/** In characters. Names are limited because they appear in messages and tables. */
export const longestName = 200;

/**
 * Checks a node's name: a single word, because it appears in messages, state_dicts and prints.
 * @throws RectioError `graph` if it is empty, too long or has spaces or invisible characters.
 */
export function checkName(name: string): void {
  if (name.length <= longestName && /^[^\s\p{C}]+$/u.test(name)) return;
  throw new RectioError(
    'graph',
    `${show(name)} is not a valid name for a node`,
    `Use at least one character, at most ${longestName}, and no spaces or invisible ones.`,
  );
}

/**
 * Checks that names are unique, each node comes after its inputs, attributes are in range, shapes fit, the first node is the
 * only input, and every node except the last one (the output) is used.
 * @throws RectioError `graph` naming the node and what was expected of it.
 */
export function verifyGraph(graph: Graph): void {
  const [input] = graph.nodes;
  if (input?.op.kind !== 'input') {
    throw new RectioError(
      'graph',
      `Network ${graph.name}: its first node is ${input === undefined ? 'missing' : `${input.name} (${input.op.kind})`}`,
      'Make the input the first node.',
    );
  }
  const names = new Set<string>();
  for (const node of graph.nodes) {
    checkName(node.name);
    if (names.has(node.name)) {
      throw new RectioError('graph', `Node ${node.name} appears twice`, 'Give every node a name of its own.');
    }
    if (node.op.kind === 'input' && node !== input) {
      throw new RectioError(
        'graph',
        `Node ${node.name} is a second input`,
        'A network has one input; remove the other.',
      );
    }
    checkOp(node.name, { ...node.op });
    names.add(node.name);
  }
  inferShapes(graph);
  refuseUnused(graph);
}

function refuseUnused({ nodes }: Graph): void {
  const used = new Set(nodes.flatMap((node) => node.inputs));
  const unused = nodes.slice(0, -1).find((node) => !used.has(node.name));
  if (unused === undefined) return;
  throw new RectioError(
    'graph',
    `Node ${unused.name}: its output is not used, and it is not the last node`,
    'Connect it, remove it, or put it last to make it the output.',
  );
}
