/** Options that every network of the zoo takes. */

import type { Shape } from '../graph/index.js';

/**
 * How a shortcut adapts to a change of shape (He et al. 2015). A takes every second pixel and pads with zero channels,
 * without parameters; B projects with a 1×1 convolution.
 */
export type Shortcut = 'A' | 'B';

export interface ModelOptions {
  /** Number of classes, at least 2. */
  readonly classes: number;
  /** [channels, height, width] of one image. */
  readonly inputShape: Shape;
  readonly shortcut: Shortcut;
}
