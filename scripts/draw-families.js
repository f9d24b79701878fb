/**
 * Draws the pictures of docs/proportion.md. Each shows the beginning of one family's network at a ratio.
 *
 *     npm run build && node scripts/draw-families.js
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { drawGraph } from '../dist/draw/index.js';
import { applyRatio } from '../dist/proportion/index.js';
import { createModel } from '../dist/zoo/index.js';
import { paths } from './paths.js';

/** For each picture: the network, the last block (or stage) that is drawn, and the requested ratio. */
const pictures = {
  chain: ['vgg11', 'stage3', '2:1'],
  residual: ['resnet18', 'layer1.1', '2:1'],
  'residual-10': ['resnet18', 'layer1.1', '2:1@10'],
  bottleneck: ['resnet50', 'layer1.2', '3:2'],
  'pre-activation': ['preresnet20', 'layer1.2', '2:1'],
  pyramid: ['pyramidnet110_a48', 'layer1.1', '2:1'],
  dense: ['densenet121', 'features.denseblock1.denselayer3', '2:1'],
  branches: ['googlenet', 'inception3b', '2:1'],
  'depthwise-separable': ['mobilenet_v1', 'blocks.1.1', '2:1'],
  'inverted-residual': ['mobilenet_v2', 'features.3', '2:1'],
  'squeeze-excitation': ['efficientnet_b0', 'features.2.1', '2:1'],
  shuffle: ['shufflenet_v2_x1_0', 'stage2.1', '2:1'],
  convnext: ['convnext_tiny', 'features.1.1', '2:1'],
};

/** The network's nodes up to the end of a block or stage, unchanged. */
function beginning(/** @type {string} */ model, /** @type {string} */ last) {
  const { name, nodes } = createModel(model);
  const end = nodes.findLastIndex(({ place }) => place.block === last || place.stage === last);
  if (end === -1) throw new Error(`${model} has no block or stage ${last}.`);
  return { name: `The beginning of ${name}`, nodes: nodes.slice(0, end + 1) };
}

const folder = join(paths.root, 'docs', 'images', 'proportion');
await mkdir(folder, { recursive: true });
for (const [picture, [model = '', last = '', ratio = '']] of Object.entries(pictures)) {
  const { graph, report } = applyRatio(beginning(model, last), { ratio });
  await writeFile(join(folder, `${picture}.svg`), drawGraph(graph, report));
}
console.log(`${Object.keys(pictures).length} pictures in ${folder}`);
