/** Normalization. */

import { count, finite, positive, share } from './attribute-types.js';
import { constant, learned, remembered, none, sameAsInput, featureMap, type OpTable } from './row.js';

export const normOps = {
  batchNorm: {
    activation: false,
    attributes: { epsilon: positive, momentum: share },
    inputs: [1, 1],
    shape: (_, [input], refuse) => featureMap(input!, refuse),
    parameters: (_, [channels = 0]) => [
      learned('weight', [channels], constant(1)),
      learned('bias', [channels], constant(0)),
      remembered('running_mean', [channels], constant(0)),
      remembered('running_var', [channels], constant(1)),
    ],
  },
  layerNorm: {
    activation: false,
    attributes: { epsilon: positive },
    inputs: [1, 1],
    shape: sameAsInput,
    parameters: (_, [channels = 0]) => [
      learned('weight', [channels], constant(1)),
      learned('bias', [channels], constant(0)),
    ],
  },
  localResponseNorm: {
    activation: false,
    attributes: { size: count, alpha: finite, beta: finite, k: finite },
    inputs: [1, 1],
    shape: (_, [input], refuse) => featureMap(input!, refuse),
    parameters: none,
  },
} satisfies Partial<OpTable>;
