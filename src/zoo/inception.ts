/** Inception v3 (Szegedy et al. 2016) with torchvision's names, without its auxiliary classifier. */

import { graphBuilder, type Graph, type GraphBuilder, type Pair, type Value } from '../graph/index.js';
import { normedConvolution } from './googlenet.js';
import { samePadding } from './layers.js';
import type { ModelOptions } from './model.js';

/** Adds one module after `x`, in the scope that the caller opened. */
type Module = (net: GraphBuilder, x: Value) => Value;

const stages: { readonly [stage: string]: { readonly [module: string]: Module } } = {
  Mixed_5: { b: (net, x) => fives(net, x, 32), c: (net, x) => fives(net, x, 64), d: (net, x) => fives(net, x, 64) },
  Mixed_6: {
    a: halveTo17,
    b: (net, x) => sevens(net, x, 128),
    c: (net, x) => sevens(net, x, 160),
    d: (net, x) => sevens(net, x, 160),
    e: (net, x) => sevens(net, x, 192),
  },
  Mixed_7: { a: halveTo8, b: split, c: split },
};

export function inceptionV3(name: string, { classes, inputShape }: ModelOptions): Graph {
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => {
    let y = normedConvolution(net, 'Conv2d_1a_3x3', net.input, { outChannels: 32, kernel: 3, stride: 2 });
    y = normedConvolution(net, 'Conv2d_2a_3x3', y, { outChannels: 32, kernel: 3 });
    y = normedConvolution(net, 'Conv2d_2b_3x3', y, { outChannels: 64, kernel: 3, padding: 1 });
    y = net.maxPool('maxpool1', y, { kernel: 3, stride: 2 });
    y = normedConvolution(net, 'Conv2d_3b_1x1', y, { outChannels: 80, kernel: 1 });
    y = normedConvolution(net, 'Conv2d_4a_3x3', y, { outChannels: 192, kernel: 3 });
    return net.maxPool('maxpool2', y, { kernel: 3, stride: 2 });
  });
  for (const [stage, modules] of Object.entries(stages)) {
    const make = () => {
      for (const [module, mixed] of Object.entries(modules)) x = net.block(`${stage}${module}`, () => mixed(net, x));
    };
    net.stage(stage, make, { prefix: '' });
  }
  net.head(() => {
    const features = net.flatten('flatten', net.globalAveragePool('avgpool', x));
    return net.linear('fc', net.dropout('dropout', features), { outFeatures: classes });
  });
  return net.build();
}

/** A sequence of size-preserving convolutions, each [name, channels, kernel]. */
function chain(net: GraphBuilder, x: Value, ...steps: readonly [string, number, number | Pair][]): Value {
  return steps.reduce(
    (y, [name, outChannels, kernel]) =>
      normedConvolution(net, name, y, { outChannels, kernel, padding: samePadding(kernel) }),
    x,
  );
}

/** A 3×3 convolution with stride 2. */
const halved = (net: GraphBuilder, name: string, x: Value, outChannels: number): Value =>
  normedConvolution(net, name, x, { outChannels, kernel: 3, stride: 2 });

const averaged = (net: GraphBuilder, x: Value, outChannels: number): Value =>
  chain(net, net.averagePool('avgpool', x, { kernel: 3, stride: 1, padding: 1 }), ['branch_pool', outChannels, 1]);

const across: Pair = [1, 7];
const down: Pair = [7, 1];

/** Figure 5, with a 5×5 convolution in one branch. The pool branch has `poolWidth` channels. */
function fives(net: GraphBuilder, x: Value, poolWidth: number): Value {
  return net.concat(
    'concat',
    chain(net, x, ['branch1x1', 64, 1]),
    chain(net, x, ['branch5x5_1', 48, 1], ['branch5x5_2', 64, 5]),
    chain(net, x, ['branch3x3dbl_1', 64, 1], ['branch3x3dbl_2', 96, 3], ['branch3x3dbl_3', 96, 3]),
    averaged(net, x, poolWidth),
  );
}

/** Figure 10: parallel convolutions and a pool, from 35×35 to 17×17. */
function halveTo17(net: GraphBuilder, x: Value): Value {
  return net.concat(
    'concat',
    halved(net, 'branch3x3', x, 384),
    halved(net, 'branch3x3dbl_3', chain(net, x, ['branch3x3dbl_1', 64, 1], ['branch3x3dbl_2', 96, 3]), 96),
    net.maxPool('maxpool', x, { kernel: 3, stride: 2 }),
  );
}

/** Figure 6: 7×7 convolutions factored into 1×7 and 7×1, with `width` inner channels. */
function sevens(net: GraphBuilder, x: Value, width: number): Value {
  return net.concat(
    'concat',
    chain(net, x, ['branch1x1', 192, 1]),
    chain(net, x, ['branch7x7_1', width, 1], ['branch7x7_2', width, across], ['branch7x7_3', 192, down]),
    chain(
      net,
      x,
      ['branch7x7dbl_1', width, 1],
      ['branch7x7dbl_2', width, down],
      ['branch7x7dbl_3', width, across],
      ['branch7x7dbl_4', width, down],
      ['branch7x7dbl_5', 192, across],
    ),
    averaged(net, x, 192),
  );
}

/** Like `halveTo17`, but from 17×17 to 8×8. */
function halveTo8(net: GraphBuilder, x: Value): Value {
  const threes = halved(net, 'branch3x3_2', chain(net, x, ['branch3x3_1', 192, 1]), 320);
  const sevenths = chain(
    net,
    x,
    ['branch7x7x3_1', 192, 1],
    ['branch7x7x3_2', 192, across],
    ['branch7x7x3_3', 192, down],
  );
  return net.concat(
    'concat',
    threes,
    halved(net, 'branch7x7x3_4', sevenths, 192),
    net.maxPool('maxpool', x, { kernel: 3, stride: 2 }),
  );
}

/** Figure 7: branches that end with a 1×3 and a 3×1 convolution in parallel. */
function split(net: GraphBuilder, x: Value): Value {
  const ends = (branch: string, y: Value): [Value, Value] => [
    chain(net, y, [`${branch}a`, 384, [1, 3]]),
    chain(net, y, [`${branch}b`, 384, [3, 1]]),
  ];
  return net.concat(
    'concat',
    chain(net, x, ['branch1x1', 320, 1]),
    ...ends('branch3x3_2', chain(net, x, ['branch3x3_1', 384, 1])),
    ...ends('branch3x3dbl_3', chain(net, x, ['branch3x3dbl_1', 448, 1], ['branch3x3dbl_2', 384, 3])),
    averaged(net, x, 192),
  );
}
