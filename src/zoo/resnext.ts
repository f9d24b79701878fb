/** ResNeXt for small images (Xie et al. 2017, section 5.3). */

import type { Graph } from '../graph/index.js';
import { postActivation } from './cifar-resnet.js';
import type { ModelOptions } from './model.js';
import { bottleneck } from './residual.js';

/**
 * 9n+2 layers: a 3×3 stem of 64 channels and three stages of n grouped bottlenecks with 256, 512 and 1024 output
 * channels. `groups` is the paper's cardinality, `groupWidth` the channels per group in the first stage.
 */
export function cifarResNeXt(
  name: string,
  depth: number,
  grouping: { readonly groups: number; readonly groupWidth: number },
  options: ModelOptions,
): Graph {
  const blocks = (depth - 2) / 9;
  const stages = [64, 128, 256].map((width, stage) => ({ width, blocks, stride: stage === 0 ? 1 : 2 }));
  return postActivation(name, bottleneck(grouping), stages, 64, options.shortcut, options);
}
