/** Checks whether a network from a file fits the data. */

import { RectioError } from '../base/error.js';
import { inferShapes, type Graph } from '../graph/index.js';
import type { NetworkOptions } from './contract.js';

/** Hints for a network that does not fit the data. They depend on the kind of file. */
export interface FitHints {
  readonly input: string;
  readonly classes: string;
}

/** The input shape of a well-formed network and its number of outputs. */
export function madeFor(file: string, graph: Graph): NetworkOptions {
  const shapes = inferShapes(graph);
  const [first, last] = [graph.nodes[0]!, graph.nodes.at(-1)!];
  const input = shapes.get(first.name)!;
  const output = shapes.get(last.name)!;
  const [channels, height, width] = input;
  if (channels === undefined || height === undefined || width === undefined) {
    throw new RectioError(
      'graph',
      `${file}: the network takes [${input.join(', ')}], not an image`,
      'Its input must be [channels, height, width].',
    );
  }
  if (output.length !== 1) {
    throw new RectioError(
      'graph',
      `${file}: the network ends with node ${last.name}, which gives ${output.join('×')}, not one number per class`,
      'End the network with a classifier: global average pooling, flatten, linear.',
    );
  }
  return { classes: output[0]!, inputShape: [channels, height, width] };
}

/** @throws RectioError `graph` if the network is for another image shape or number of classes */
export function checkFit(file: string, graph: Graph, asked: Partial<NetworkOptions>, hints: FitHints): void {
  const { classes, inputShape } = madeFor(file, graph);
  if (asked.inputShape !== undefined && asked.inputShape.join() !== inputShape.join()) {
    throw new RectioError(
      'graph',
      `${file}: the network takes images of ${inputShape.join('×')}, but the data has ${asked.inputShape.join('×')}`,
      hints.input,
    );
  }
  if (asked.classes !== undefined && asked.classes !== classes) {
    throw new RectioError(
      'graph',
      `${file}: the network has ${classes} classes, but the data has ${asked.classes}`,
      hints.classes,
    );
  }
}
