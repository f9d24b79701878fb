/** Counts a network's layers, parameters, multiply-adds and memory, per layer and in total. */

import {
  elements,
  inferShapes,
  isActivation,
  nodeParameters,
  type Graph,
  type Node,
  type OpKind,
  type Shape,
} from '../graph/index.js';
import { applyRatio, type ProportionReport } from '../proportion/index.js';
import { countLayer } from './counts.js';

export interface LayerInspection {
  readonly name: string;
  readonly kind: OpKind;
  /** Shape of the output for one image. */
  readonly shape: Shape;
  /** Trainable values. */
  readonly parameters: number;
  /** Multiply-adds for one image. */
  readonly macs: number;
  /** Memory for the output for one image in float32; 0 if the output is the same tensor as the input. */
  readonly activationBytes: number;
}

export interface Inspection {
  readonly model: string;
  readonly ratio: Pick<ProportionReport, 'asked' | 'achieved' | 'pattern' | 'scope' | 'drop'>;
  readonly totals: {
    /** All convolutions, including those on shortcuts. */
    readonly convolutions: number;
    /** All activations, including the stem's; dropped ones do not count. */
    readonly activations: number;
    /** Trainable values. */
    readonly parameters: number;
    /** Multiply-adds of convolutions and linear layers for one image. */
    readonly macs: number;
    /** Values that pass through an activation for one image. */
    readonly activationElements: number;
  };
  /** The sites that take part in the ratio, in forward order. */
  readonly sites: readonly { readonly name: string; readonly kept: boolean }[];
  readonly layers: readonly LayerInspection[];
}

const bytesPerValue = 4;

/**
 * Counts a network.
 * @param report the report of the `applyRatio` call that returned the graph; by default, that of the graph at 1:1
 * @throws RectioError `graph` if the shapes do not fit.
 */
export function inspectGraph(graph: Graph, report: ProportionReport = applyRatio(graph).report): Inspection {
  const { asked, achieved, pattern, scope, drop, sites } = report;
  const shapes = inferShapes(graph);
  const inputOf = (node: Node): Shape => shapes.get(node.inputs[0] ?? '') ?? [];
  const counted = graph.nodes.map((node) => ({
    node,
    shape: shapes.get(node.name)!,
    parameters: trainableValues(node, inputOf(node)),
    ...countLayer(node, inputOf(node), shapes.get(node.name)!),
  }));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

  return {
    model: graph.name,
    ratio: { asked, achieved, pattern, scope, drop },
    totals: {
      convolutions: graph.nodes.filter(({ op }) => op.kind === 'convolution').length,
      activations: graph.nodes.filter(({ op }) => isActivation(op)).length,
      parameters: sum(counted.map((layer) => layer.parameters)),
      macs: sum(counted.map((layer) => layer.macs)),
      activationElements: sum(counted.map((layer) => layer.activationElements)),
    },
    sites: sites.map(({ name, kept }) => ({ name, kept })),
    layers: counted.map(({ node, shape, parameters, macs, outputElements }) => ({
      name: node.name,
      kind: node.op.kind,
      shape,
      parameters,
      macs,
      activationBytes: bytesPerValue * outputElements,
    })),
  };
}

function trainableValues(node: Node, input: Shape): number {
  return nodeParameters(node, input)
    .filter((parameter) => parameter.trainable)
    .reduce((total, parameter) => total + elements(parameter.shape), 0);
}
