/** What every network of the zoo can be asked for. */

import type { Shape } from '../graph/index.js';

/**
 * How a shortcut bridges a change of shape (He et al. 2015): A takes every second pixel and pads with channels of
 * zeros, without parameters; B projects with a 1×1 convolution.
 */
export type Shortcut = 'A' | 'B';

export interface ModelOptions {
  /** Number of classes, at least 2. */
  readonly classes: number;
  /** [channels, height, width] of one image. */
  readonly inputShape: Shape;
  readonly shortcut: Shortcut;
}
