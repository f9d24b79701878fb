/** Weights before the first step. */

import { hashText, randomStream, type RandomStream } from '../base/random.js';
import { applyRule, type Rules } from '../base/rules.js';
import type { Graph } from './graph.js';
import type { Initializer } from './parameters.js';
import { graphParameters } from './shapes.js';
import { elements } from './sizes.js';

/** Part of the key of every weight's random stream: another text would change the weights of every seed. */
const weightStream = hashText('train.weights');

/** For each kind of initializer, a function that returns the next value. */
const initialRules: Rules<Initializer, [stream: RandomStream], () => number> = {
  constant:
    ({ value }) =>
    () =>
      value,
  heNormal: ({ fanOut }, stream) => {
    const deviation = Math.sqrt(2 / fanOut);
    return () => deviation * stream.normal();
  },
  lecunUniform: ({ fanIn }, stream) => {
    const width = 2 / Math.sqrt(fanIn);
    return () => width * (stream.uniform() - 0.5);
  },
};

/**
 * Every parameter and statistic of a graph by its state_dict name: the values in `given`, or else initial ones. Each
 * parameter is drawn from a stream of its own, keyed by seed and name. Networks that share names, such as one network
 * at several ratios, therefore share initial weights.
 * @throws RectioError `graph` where the shapes do not fit.
 */
export function initializeWeights(
  graph: Graph,
  seed: number,
  given: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> {
  return new Map(
    graphParameters(graph).map(({ name, shape, initial }) => {
      const stream = randomStream(seed, weightStream, hashText(name));
      return [name, given.get(name) ?? filled(elements(shape), applyRule(initialRules, initial, stream))];
    }),
  );
}

function filled(length: number, next: () => number): Float32Array {
  const data = new Float32Array(length);
  for (let i = 0; i < length; i++) data[i] = next();
  return data;
}
