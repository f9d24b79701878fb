/** Wide ResNets for small images (Zagoruyko and Komodakis 2016, table 1), without their optional dropout. */

import type { Graph } from '../graph/index.js';
import { preActivation } from './cifar-resnet.js';
import type { ModelOptions } from './model.js';
import { preBasicBlock } from './residual.js';

/**
 * WRN-`depth`-`widening`: three stages of pre-activation basic blocks, `widening` times as wide as in the 6n+2
 * networks. The depth 6n+4 counts convolutions: the stem, two in each of the 3n blocks, and three projections.
 */
export function cifarWideResNet(name: string, depth: number, widening: number, options: ModelOptions): Graph {
  const blocks = (depth - 4) / 6;
  const stages = [16, 32, 64].map((width, stage) => ({
    width: widening * width,
    blocks,
    stride: stage === 0 ? 1 : 2,
  }));
  return preActivation(name, preBasicBlock, stages, options);
}
