/** Whether a network that came out of a file is one for the data. */

import { RectioError } from '../base/error.js';
import { inferShapes, type Graph } from '../graph/index.js';
import type { NetworkOptions } from './contract.js';

/** What to do about a network that does not fit, by what does not; it depends on the kind of file. */
export interface FitHints {
  readonly input: string;
  readonly classes: string;
}

/** What a well-formed network is made for: its input, and how many numbers it gives. */
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
      'Let its input be [channels, height, width].',
    );
  }
  if (output.length !== 1) {
    throw new RectioError(
      'graph',
      `${file}: the network ends with node ${last.name}, which gives ${output.join('×')} and not one number for each class`,
      'End it with a classifier: global average pooling, flatten, linear.',
    );
  }
  return { classes: output[0]!, inputShape: [channels, height, width] };
}

/** @throws RectioError `graph` where the network is for other images or classes than those that are asked for */
export function checkFit(file: string, graph: Graph, asked: Partial<NetworkOptions>, hints: FitHints): void {
  const { classes, inputShape } = madeFor(file, graph);
  if (asked.inputShape !== undefined && asked.inputShape.join() !== inputShape.join()) {
    throw new RectioError(
      'graph',
      `${file}: the network takes images of ${inputShape.join('×')}, and these are of ${asked.inputShape.join('×')}`,
      hints.input,
    );
  }
  if (asked.classes !== undefined && asked.classes !== classes) {
    throw new RectioError(
      'graph',
      `${file}: the network tells ${classes} classes apart, and there are ${asked.classes}`,
      hints.classes,
    );
  }
}
