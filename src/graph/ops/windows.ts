/** Sliding windows over feature maps. */

import type { Pair } from '../op.js';
import type { Refuse } from './row.js';

/** A sliding window; all pairs are [height, width]. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** The number of window positions in each direction (Dumoulin and Visin 2016, relationship 15). */
export function windows(
  size: readonly number[],
  { kernel, stride, padding }: Window,
  dilation: Pair,
  round: (steps: number) => number,
  refuse: Refuse,
): number[] {
  return [0, 1].map((axis) => {
    const span = dilation[axis]! * (kernel[axis]! - 1) + 1;
    const padded = size[axis]! + 2 * padding[axis]!;
    if (span > padded) {
      return refuse(
        `its window spans ${span} in ${axis === 0 ? 'height' : 'width'}, its input only ${size[axis]} and padding ` +
          `${padding[axis]} on either side`,
        'Use a smaller kernel, more padding, a larger input, or fewer stages that halve the size.',
      );
    }
    return round((padded - span) / stride[axis]!) + 1;
  });
}
