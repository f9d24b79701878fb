/** Graphs as JSON. What comes in is not trusted: every field is checked before it becomes part of a Graph. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { checkOp } from './attributes.js';
import type { Graph, Node, Place } from './graph.js';
import { show } from './show.js';
import { verifyGraph } from './verify.js';

/** Grows whenever a reader of the former version would misunderstand what is written. */
const version = 1;

export interface GraphJson extends Graph {
  readonly format: 'rectio-graph';
  readonly version: typeof version;
}

/** The network as a value for `JSON.stringify`. */
export function graphToJson(graph: Graph): GraphJson {
  return { format: 'rectio-graph', version, name: graph.name, nodes: graph.nodes };
}

/**
 * The network in a value that came out of `JSON.parse`; a copy that shares nothing with it.
 * @throws RectioError `graph` naming the node, what is wrong with it, and what is valid.
 */
export function graphFromJson(json: unknown): Graph {
  const file = record('The network', json);
  if (file['format'] !== 'rectio-graph' || file['version'] !== version) {
    throw new RectioError(
      'graph',
      `This is no network in JSON that can be read here: format ${show(file['format'])}, version ${show(file['version'])}`,
      `Expected are format "rectio-graph" and version ${version}.`,
    );
  }
  record('The network', json, ['format', 'version', 'name', 'nodes']);
  const name = text('The network: its name', file['name']);
  const nodes = list(`Network ${name}: its nodes`, file['nodes']).map((node, index) => nodeFromJson(node, index));
  const graph = { name, nodes };
  verifyGraph(graph);
  return graph;
}

function nodeFromJson(json: unknown, index: number): Node {
  const unnamed = `Node number ${index + 1}`;
  const fields = record(unnamed, json, ['name', 'op', 'inputs', 'place']);
  const name = text(`${unnamed}: its name`, fields['name']);
  return {
    name,
    op: checkOp(name, record(`Node ${name}: its op`, fields['op'])),
    inputs: list(`Node ${name}: its inputs`, fields['inputs']).map((input) => text(`Node ${name}: an input`, input)),
    place: placeFromJson(name, fields['place']),
  };
}

const roles = ['stem', 'shortcut', 'head'] as const;

function placeFromJson(node: string, json: unknown): Place {
  const { stage, block, role } = record(`Node ${node}: its place`, json, ['stage', 'block', 'role']);
  const known = roles.find((each) => each === role);
  if (role !== undefined && known === undefined) {
    throw new RectioError('graph', `Node ${node}: there is no role ${show(role)}`, didYouMean(String(role), roles));
  }
  return {
    ...(stage === undefined ? {} : { stage: text(`Node ${node}: its stage`, stage) }),
    ...(block === undefined ? {} : { block: text(`Node ${node}: its block`, block) }),
    ...(known === undefined ? {} : { role: known }),
  };
}

/** The value as an object with no other than the given fields. */
function record(what: string, value: unknown, fields?: readonly string[]): { readonly [field: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RectioError('graph', `${what} is ${show(value)}`, 'Give it as an object.');
  }
  const unknown = fields && Object.keys(value).find((field) => !fields.includes(field));
  if (fields !== undefined && unknown !== undefined) {
    throw new RectioError('graph', `${what} has an unknown field '${unknown}'`, didYouMean(unknown, fields));
  }
  return value as { readonly [field: string]: unknown };
}

function list(what: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new RectioError('graph', `${what} are ${show(value)}`, 'Give them as a list.');
}

function text(what: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new RectioError('graph', `${what} is ${show(value)}`, 'Give it as a text of at least one character.');
}
