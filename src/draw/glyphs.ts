/** The glyph of each node: one rule table, total over the ops. */

import { applyRule, type Rules } from '../base/rules.js';
import {
  inferShapes,
  type ActivationOp,
  type Graph,
  type Op,
  type OpOf,
  type Pair,
  type Place,
  type Shape,
} from '../graph/index.js';

/** Text around one number, such as `3×3, 64 /2`. The number may grow between the repetitions of a block. */
export interface Label {
  readonly before: string;
  readonly count?: number;
  readonly after?: string;
}

export type BoxStyle = 'pointwise' | 'convolution' | 'depthwise' | 'pool' | 'linear';

/** `kept` and `dropped` are sites that the ratio counts; `other` are all other activations. */
export type DotState = 'kept' | 'dropped' | 'other';

export type Sign = 'add' | 'multiply' | 'concat';

export type Glyph =
  | { readonly kind: 'input'; readonly label: Label }
  | { readonly kind: 'box'; readonly style: BoxStyle; readonly label: Label; readonly normed: boolean }
  | { readonly kind: 'pill'; readonly label: Label }
  /** A norm that is not part of a convolution's box. */
  | { readonly kind: 'bar' }
  | { readonly kind: 'dot'; readonly state: DotState; readonly activation: ActivationOp['kind'] | 'identity' }
  | { readonly kind: 'junction'; readonly sign: Sign; readonly label: Label };

export type GlyphOf<K extends Glyph['kind']> = Extract<Glyph, { kind: K }>;

/** What a glyph depends on besides the op. */
interface Context {
  readonly input: Shape;
  readonly output: Shape;
  /** Whether the convolution's box includes the norm that only it feeds. */
  readonly normed: boolean;
  /** Whether the activation is kept; undefined if the ratio does not count it. */
  readonly kept: boolean | undefined;
}

const leftOut = (): undefined => undefined;
const bar = (): Glyph => ({ kind: 'bar' });
const pill = (before: string, count?: number, after = ''): Glyph => ({
  kind: 'pill',
  label: { before, ...(count === undefined ? {} : { count }), after },
});
const box = (style: BoxStyle, label: Label, normed = false): Glyph => ({ kind: 'box', style, label, normed });
const dot = (op: ActivationOp, { kept }: Context): Glyph => ({
  kind: 'dot',
  state: kept === undefined ? 'other' : kept ? 'kept' : 'dropped',
  activation: op.kind,
});
const junction =
  (sign: Sign) =>
  (_: Op, { output }: Context): Glyph => ({ kind: 'junction', sign, label: { before: '', count: output[0] ?? 0 } });

const extents = ([height, width]: Pair): string => `${height}×${width}`;
const stridePart = ([height, width]: Pair): string =>
  height === width ? (height === 1 ? '' : ` /${height}`) : ` /${height}×${width}`;

function convolution(op: OpOf<'convolution'>, { input: [channels = 0], normed }: Context): Glyph {
  const depthwise = op.groups > 1 && op.groups === channels;
  const pointwise = op.kernel[0] === 1 && op.kernel[1] === 1;
  const dilated = op.dilation[0] === 1 && op.dilation[1] === 1 ? '' : ` dilated ${Math.max(...op.dilation)}`;
  const grouped = op.groups > 1 && !depthwise ? `, ${op.groups} groups` : '';
  const style = depthwise ? 'depthwise' : pointwise ? 'pointwise' : 'convolution';
  const label = {
    before: `${extents(op.kernel)}, `,
    count: op.outChannels,
    after: `${stridePart(op.stride)}${dilated}${grouped}`,
  };
  return box(style, label, normed);
}

const pool =
  (name: string) =>
  (op: OpOf<'maxPool'> | OpOf<'averagePool'>): Glyph =>
    // A pool with a 1×1 window only subsamples, as the parameter-free shortcut does.
    op.kernel[0] === 1 && op.kernel[1] === 1
      ? pill(`every${stridePart(op.stride)}`)
      : box('pool', { before: `${name} ${extents(op.kernel)}${stridePart(op.stride)}` });

/** Undefined for ops that a sketch omits, because they change nothing that it shows. */
const glyphRules: Rules<Op, [context: Context], Glyph | undefined> = {
  input: (op) => ({ kind: 'input', label: { before: op.shape.join('×') } }),
  convolution,
  batchNorm: bar,
  layerNorm: bar,
  localResponseNorm: () => pill('response norm'),
  relu: dot,
  leakyRelu: dot,
  prelu: dot,
  relu6: dot,
  silu: dot,
  gelu: dot,
  sigmoid: dot,
  hardSwish: dot,
  hardSigmoid: dot,
  identity: (_, { kept }) => (kept === false ? { kind: 'dot', state: 'dropped', activation: 'identity' } : undefined),
  add: junction('add'),
  multiply: junction('multiply'),
  concat: junction('concat'),
  sliceChannels: (op, { input: [channels = 0] }) => pill('', op.count, ` of ${channels} channels`),
  channelShuffle: (op) => pill(`shuffle, ${op.groups} groups`),
  padChannels: (op) => pill('pad +', op.before + op.after),
  maxPool: pool('max'),
  averagePool: pool('average'),
  globalAveragePool: () => box('pool', { before: 'global average' }),
  adaptiveAveragePool: (op) => box('pool', { before: `average to ${extents(op.size)}` }),
  linear: (op) => box('linear', { before: 'linear, ', count: op.outFeatures }),
  flatten: leftOut,
  dropout: (op) => pill(`dropout ${Number(op.rate.toFixed(3))}`),
  stochasticDepth: leftOut,
  scale: (op) => pill(op.per === 'channel' ? 'scale' : 'scale each'),
};

/** A node of the sketch. Edges bridge the nodes that are omitted. */
export interface Drawn {
  readonly name: string;
  readonly glyph: Glyph;
  readonly place: Place;
  readonly shape: Shape;
  /** Indices of earlier drawn nodes. */
  readonly inputs: readonly number[];
}

/**
 * The nodes that a sketch shows, in the network's order. For each site that the ratio counts, `kept` tells whether its
 * activation is kept.
 */
export function drawnNodes(graph: Graph, kept: ReadonlyMap<string, boolean>): Drawn[] {
  const shapes = inferShapes(graph);
  const folded = foldedNorms(graph);
  const drawn: Drawn[] = [];
  const indices = new Map<string, number>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => indices.get(name)!);
    const glyph = folded.norms.has(node.name)
      ? undefined
      : applyRule(glyphRules, node.op, {
          input: shapes.get(node.inputs[0] ?? '') ?? [],
          output: shapes.get(node.name)!,
          normed: folded.convolutions.has(node.name),
          kept: kept.get(node.name),
        });
    if (glyph === undefined) {
      indices.set(node.name, inputs[0]!);
      continue;
    }
    indices.set(node.name, drawn.length);
    drawn.push({ name: node.name, glyph, place: node.place, shape: shapes.get(node.name)!, inputs });
  }
  return drawn;
}

/** Norms that directly follow a convolution with no other consumer. A sketch shows the two as one. */
function foldedNorms(graph: Graph): { norms: ReadonlySet<string>; convolutions: ReadonlySet<string> } {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const readers = new Map<string, number>();
  for (const { inputs } of graph.nodes) for (const name of inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  const norms = new Set<string>();
  const convolutions = new Set<string>();
  for (const { name, op, inputs } of graph.nodes) {
    if (op.kind !== 'batchNorm' && op.kind !== 'layerNorm') continue;
    const source = nodes.get(inputs[0]!)!;
    if (source.op.kind !== 'convolution' || readers.get(source.name) !== 1) continue;
    norms.add(name);
    convolutions.add(source.name);
  }
  return { norms, convolutions };
}

/** The label as one text. If its number grows to `last` within a fold, the text shows the range. */
export function labelText({ before, count, after = '' }: Label, last = count): string {
  if (count === undefined) return `${before}${after}`;
  return `${before}${last === undefined || last === count ? count : `${count}–${last}`}${after}`;
}

/** Names of the activations in a legend. */
export const activationNames: { readonly [K in ActivationOp['kind']]: string } = {
  relu: 'ReLU',
  leakyRelu: 'leaky ReLU',
  prelu: 'PReLU',
  relu6: 'ReLU6',
  silu: 'SiLU',
  gelu: 'GELU',
  sigmoid: 'sigmoid',
  hardSwish: 'hard-swish',
  hardSigmoid: 'hard-sigmoid',
};
