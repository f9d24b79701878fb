/** Pooling. */

import type { Shape } from '../op.js';
import { printShape } from '../sizes.js';
import { countPair, amountPair, flag } from './attribute-types.js';
import { none, featureMap, type OpTable, type Refuse } from './row.js';
import { windows, type Window } from './windows.js';

export const poolingOps = {
  maxPool: {
    activation: false,
    attributes: { kernel: countPair, stride: countPair, padding: amountPair, ceil: flag },
    inputs: [1, 1],
    shape: (op, [input], refuse) => pooled(op, input!, refuse),
    parameters: none,
  },
  averagePool: {
    activation: false,
    attributes: { kernel: countPair, stride: countPair, padding: amountPair, ceil: flag, countPadding: flag },
    inputs: [1, 1],
    shape: (op, [input], refuse) => pooled(op, input!, refuse),
    parameters: none,
  },
  globalAveragePool: {
    activation: false,
    attributes: {},
    inputs: [1, 1],
    shape: (_, [input], refuse) => [featureMap(input!, refuse)[0], 1, 1],
    parameters: none,
  },
  adaptiveAveragePool: {
    activation: false,
    attributes: { size: countPair },
    inputs: [1, 1],
    shape: (op, [input], refuse) => [featureMap(input!, refuse)[0], ...op.size],
    parameters: none,
  },
} satisfies Partial<OpTable>;

function pooled(op: Window & { readonly ceil: boolean }, input: Shape, refuse: Refuse): Shape {
  const [channels, ...size] = featureMap(input, refuse);
  if (op.padding.some((padding, axis) => 2 * padding > op.kernel[axis]!)) {
    return refuse(
      `padding ${printShape(op.padding)} is more than half of the kernel ${printShape(op.kernel)}`,
      'Use padding of at most half of the kernel, so that every window holds a part of the input.',
    );
  }
  const counts = windows(size, op, [1, 1], op.ceil ? Math.ceil : Math.floor, refuse);
  // With rounding up, the last window may start in the padding at the end, where there is nothing to pool.
  const startsInside = counts.map((count, axis) =>
    op.ceil && (count - 1) * op.stride[axis]! >= size[axis]! + op.padding[axis]! ? count - 1 : count,
  );
  return [channels, ...startsInside];
}
