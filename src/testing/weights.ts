/** Test weights. No parameter has a special value (such as a batch norm's 0 and 1) that would hide mistakes. */

import { graphParameters, type Graph, type Parameter } from '../graph/index.js';
import { filled, normal, uniform, type Fill } from './values.js';

function fillOf({ local, shape }: Parameter): Fill {
  switch (local) {
    case 'running_mean':
      return { kind: 'normal', deviation: 0.1 };
    case 'running_var':
      return uniform(0.5, 1.5);
    case 'bias':
      return { kind: 'normal', deviation: 0.1 };
    case 'weight': {
      const [, ...rest] = shape;
      if (rest.length === 0) return uniform(0.5, 1.5);
      // Kernels and matrices keep the magnitude of their input. Elementwise factors have no sum to normalize.
      const fanIn = rest.reduce((product, size) => product * size, 1);
      return shape.length === 3 ? normal : { kind: 'normal', deviation: Math.sqrt(2 / fanIn) };
    }
  }
}

/** Values for every parameter and running statistic of a network, by name. */
export function testWeights(graph: Graph, seed = 1): Map<string, Float32Array> {
  return new Map(
    graphParameters(graph).map((parameter) => {
      const count = parameter.shape.reduce((product, size) => product * size, 1);
      return [parameter.name, filled(count, fillOf(parameter), parameter.name, seed)];
    }),
  );
}
