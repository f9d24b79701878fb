/** Reads and writes Graphs as JSON. Input is not trusted: every field is checked before it becomes part of a Graph. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { checkOp } from './attributes.js';
import type { Graph, Node, Place } from './graph.js';
import type { Shape } from './op.js';
import { show } from './show.js';
import { nodeParameters } from './parameters.js';
import { inferShapes } from './shapes.js';
import { elements } from './sizes.js';
import { checkName, longestName, verifyGraph } from './verify.js';

/**
 * Limits for input. A network of a thousand layers has a few thousand nodes and less than 1 MiB of text. Input beyond these
 * limits is not a network that could be trained, and would only exhaust the machine that reads it.
 */
const most = {
  /** Characters of a file. */
  text: 32 * 2 ** 20,
  /** Nesting of lists and objects; a Graph has five levels. */
  depth: 16,
  nodes: 20_000,
  inputs: 1000,
  /** Values of all nodes' outputs for one example, and values of all parameters. */
  values: 2 ** 32,
};

/** Incremented when a reader of the previous version would misunderstand the file. */
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
 * The network in a value from `JSON.parse`; a copy that shares nothing with the value.
 * @throws RectioError `graph` naming the node, what is wrong with it, and what is valid.
 */
export function graphFromJson(json: unknown): Graph {
  const file = record('The network', json);
  if (file['format'] !== 'rectio-graph' || file['version'] !== version) {
    throw new RectioError(
      'graph',
      `This is not a network in a JSON format that Rectio can read: format ${show(file['format'])}, version ${show(file['version'])}`,
      `Expected: format "rectio-graph" and version ${version}.`,
    );
  }
  record('The network', json, ['format', 'version', 'name', 'nodes']);
  const name = text('The network: its name', file['name']);
  if (name.length > longestName || /\p{C}/u.test(name)) {
    throw new RectioError(
      'graph',
      `${show(name)} is not a valid name for a network`,
      `Use at most ${longestName} characters, and no invisible ones.`,
    );
  }
  const nodes = list(`Network ${name}: its nodes`, file['nodes'], most.nodes).map((node, index) =>
    nodeFromJson(node, index),
  );
  const graph = { name, nodes };
  verifyGraph(graph);
  verifySize(graph);
  return graph;
}

/**
 * Checks the length and depth of a network's text before it is parsed, because parsing a hostile text of a few megabytes can
 * take gigabytes of memory.
 * @throws RectioError `graph` if the text is too long, or nested more deeply than a network
 */
export function checkGraphText(json: string): void {
  if (json.length > most.text) {
    throw new RectioError(
      'graph',
      `This is a text of ${json.length} characters, too long for a network`,
      `At most ${most.text} are read; check that the file holds a network.`,
    );
  }
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at++) {
    const character = json[at]!;
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > most.depth) {
      throw new RectioError(
        'graph',
        `At character ${at + 1} more than ${most.depth} lists and objects are nested`,
        'A network has no more than five; check that the file holds a network.',
      );
    }
  }
}

function verifySize(graph: Graph): void {
  const shapes = inferShapes(graph);
  const sum = (sizes: readonly Shape[]) => sizes.reduce((total, size) => total + elements(size), 0);
  const activations = sum([...shapes.values()]);
  const parameters = sum(
    graph.nodes.flatMap((node) =>
      nodeParameters(node, shapes.get(node.inputs[0] ?? '') ?? []).map((parameter) => parameter.shape),
    ),
  );
  for (const [what, values] of [
    ["its nodes' outputs", activations],
    ['its parameters', parameters],
  ] as const) {
    if (values <= most.values) continue;
    throw new RectioError(
      'graph',
      `Network ${graph.name}: ${what} hold ${values.toLocaleString('en-US')} values in all, more than a machine can train`,
      `Use fewer channels, smaller inputs or fewer nodes: at most ${most.values.toLocaleString('en-US')} values.`,
    );
  }
}

function nodeFromJson(json: unknown, index: number): Node {
  const unnamed = `Node number ${index + 1}`;
  const fields = record(unnamed, json, ['name', 'op', 'inputs', 'place']);
  const name = text(`${unnamed}: its name`, fields['name']);
  checkName(name);
  return {
    name,
    op: checkOp(name, record(`Node ${name}: its op`, fields['op'])),
    inputs: list(`Node ${name}: its inputs`, fields['inputs'], most.inputs).map((input) =>
      text(`Node ${name}: an input`, input),
    ),
    place: placeFromJson(name, fields['place']),
  };
}

const roles = ['stem', 'shortcut', 'head'] as const;

function placeFromJson(node: string, json: unknown): Place {
  const { stage, block, role } = record(`Node ${node}: its place`, json, ['stage', 'block', 'role']);
  const known = roles.find((each) => each === role);
  if (role !== undefined && known === undefined) {
    throw new RectioError(
      'graph',
      `Node ${node}: there is no role ${show(role)}`,
      didYouMean(typeof role === 'string' ? role : '', roles),
    );
  }
  return {
    ...(stage === undefined ? {} : { stage: text(`Node ${node}: its stage`, stage) }),
    ...(block === undefined ? {} : { block: text(`Node ${node}: its block`, block) }),
    ...(known === undefined ? {} : { role: known }),
  };
}

/** The value as an object without fields other than the given ones. */
function record(what: string, value: unknown, fields?: readonly string[]): { readonly [field: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RectioError('graph', `${what} is ${show(value)}`, 'Give it as an object.');
  }
  const unknown = fields && Object.keys(value).find((field) => !fields.includes(field));
  if (fields !== undefined && unknown !== undefined) {
    throw new RectioError('graph', `${what} has an unknown field ${show(unknown)}`, didYouMean(unknown, fields));
  }
  return value as { readonly [field: string]: unknown };
}

function list(what: string, value: unknown, longest: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new RectioError('graph', `${what} are ${show(value)}`, 'Give them as a list.');
  if (value.length <= longest) return value;
  throw new RectioError('graph', `${what} are ${value.length}`, `Give at most ${longest}.`);
}

function text(what: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new RectioError('graph', `${what} is ${show(value)}`, 'Give it as a text of at least one character.');
}
