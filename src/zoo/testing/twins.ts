/** What the reference implementations say of the zoo's networks; bench/oracle/make_twins.py made the files. */

import { readdirSync, readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

import { graphParameters, type Graph, type Parameter, type Shape } from '../../graph/index.js';
import { createModel, type Shortcut } from '../index.js';
import { publishedParameter } from '../published.js';
import { formulaWeights, type Checksum } from './formulas.js';

type ImageDims = readonly [count: number, channels: number, height: number, width: number];

export interface Twin {
  /** Where its definition comes from: `torchvision 0.28.0 resnet18`. */
  readonly twin: string;
  /** The network of the zoo, and how it is made. */
  readonly model: string;
  readonly options: { readonly shortcut?: Shortcut };
  /** Lines `name 64x3x7x7` in the order of its state_dict, deflated, in base64. */
  readonly entries: string;
  readonly parameters: number;
  /** [channels, height, width] for `macs`. */
  readonly input: Shape;
  readonly macs: number;
  /** Rates of dropout and stochastic depth, ascending. */
  readonly dropout: readonly number[];
  readonly evaluation: {
    readonly images: ImageDims;
    /** For each image. */
    readonly logits: readonly Checksum[];
  };
  /** One step without dropout and stochastic depth. */
  readonly training?: {
    readonly images: ImageDims;
    /** Cross-entropy of each image; the gradients are those of their mean. */
    readonly losses: readonly number[];
    /** For each entry, of the gradient, or of the value after the step where it is a running statistic. */
    readonly checksums: readonly Checksum[];
  };
}

const folder = new URL('../fixtures/twins/', import.meta.url);

/** The names of the files; that of the network, but for variants of one. */
export const twinNames: readonly string[] = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

export function readTwin(name: string): Twin {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Twin;
}

/** Its names and shapes, `name 64x3x7x7`, in the order of its state_dict. */
export function entriesOf(twin: Twin): string[] {
  return inflateRawSync(Buffer.from(twin.entries, 'base64')).toString().split('\n');
}

/** The network as the twin was asked: for images of that shape, with the classes of its publication. */
export function twinGraph({ model, options }: Twin, inputShape: Shape): Graph {
  return createModel(model, { inputShape, ...options });
}

/** Our side of an entry. */
export function entryOf({ model }: Twin, parameter: Parameter): string {
  const { name, shape } = publishedParameter(model, parameter);
  return `${name} ${shape.join('x')}`;
}

/** Parameters and statistics by our names, filled as the twin's. */
export function twinWeights({ model }: Twin, graph: Graph): Map<string, Float32Array> {
  return new Map(
    graphParameters(graph).map((parameter) => {
      const { name, shape } = publishedParameter(model, parameter);
      return [parameter.name, formulaWeights(name, shape)];
    }),
  );
}

/** The network with nothing random in it. */
export function withoutDropout(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.op.kind === 'dropout' || node.op.kind === 'stochasticDepth'
        ? { ...node, op: { ...node.op, rate: 0 } }
        : node,
    ),
  };
}
