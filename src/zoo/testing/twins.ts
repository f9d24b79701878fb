/** Data from the reference implementations of the zoo's networks, made by bench/oracle/make_twins.py. */

import { readdirSync, readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

import { graphParameters, type Graph, type Parameter, type Shape } from '../../graph/index.js';
import { createModel, type Shortcut } from '../index.js';
import { publishedParameter } from '../published.js';
import { formulaWeights, type Checksum } from './formulas.js';

type ImageDims = readonly [count: number, channels: number, height: number, width: number];

export interface Twin {
  /** The reference implementation, such as `torchvision 0.28.0 resnet18`. */
  readonly twin: string;
  /** The zoo's network and its options. */
  readonly model: string;
  readonly options: { readonly shortcut?: Shortcut };
  /** Lines such as `name 64x3x7x7` in state_dict order, deflated and base64-encoded. */
  readonly entries: string;
  readonly parameters: number;
  /** [channels, height, width] for `macs`. */
  readonly input: Shape;
  readonly macs: number;
  /** Rates of dropout and stochastic depth, in ascending order. */
  readonly dropout: readonly number[];
  readonly evaluation: {
    readonly images: ImageDims;
    /** Per image. */
    readonly logits: readonly Checksum[];
  };
  /** One step without dropout and stochastic depth. */
  readonly training?: {
    readonly images: ImageDims;
    /** Cross-entropy per image. Gradients are those of the mean. */
    readonly losses: readonly number[];
    /** Per entry: the gradient's checksum, or, for a running statistic, that of its value after the step. */
    readonly checksums: readonly Checksum[];
  };
}

const folder = new URL('../fixtures/twins/', import.meta.url);

/** The file names. Each is the network's name, except for variants. */
export const twinNames: readonly string[] = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

export function readTwin(name: string): Twin {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Twin;
}

/** Names and shapes, such as `name 64x3x7x7`, in state_dict order. */
export function entriesOf(twin: Twin): string[] {
  return inflateRawSync(Buffer.from(twin.entries, 'base64')).toString().split('\n');
}

/** The network with the twin's options: its image shape and the published number of classes. */
export function twinGraph({ model, options }: Twin, inputShape: Shape): Graph {
  return createModel(model, { inputShape, ...options });
}

/** Our counterpart of an entry. */
export function entryOf({ model }: Twin, parameter: Parameter): string {
  const { name, shape } = publishedParameter(model, parameter);
  return `${name} ${shape.join('x')}`;
}

/** Parameters and statistics by our names, filled like the twin's. */
export function twinWeights({ model }: Twin, graph: Graph): Map<string, Float32Array> {
  return new Map(
    graphParameters(graph).map((parameter) => {
      const { name, shape } = publishedParameter(model, parameter);
      return [parameter.name, formulaWeights(name, shape)];
    }),
  );
}

/** The network without random ops. */
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
