/** RegNet (Radosavovic et al. 2020), with torchvision's state_dict names. */

import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { convNormActivation, squeezeExcitation } from './layers.js';
import type { ModelOptions } from './model.js';
import { classifier } from './residual.js';

interface Design {
  /** Blocks per stage. */
  readonly blocks: readonly number[];
  readonly widths: readonly number[];
  /** Channels per group in the 3×3 convolutions. */
  readonly groupWidth: number;
  /** RegNet Y has squeeze and excitation, RegNet X does not. */
  readonly squeezes: boolean;
}

/**
 * The designs of the paper's figures 15 and 16, named by X or Y and the millions of multiply-adds per image. The last
 * stage of X at 400 has 400 channels instead of 384, because torchvision rounds widths to whole groups differently.
 */
const designs = {
  x400: { blocks: [1, 2, 7, 12], widths: [32, 64, 160, 400], groupWidth: 16, squeezes: false },
  x1600: { blocks: [2, 4, 10, 2], widths: [72, 168, 408, 912], groupWidth: 24, squeezes: false },
  y400: { blocks: [1, 3, 6, 6], widths: [48, 104, 208, 440], groupWidth: 8, squeezes: true },
  y1600: { blocks: [2, 6, 17, 2], widths: [48, 120, 336, 888], groupWidth: 24, squeezes: true },
} satisfies Record<string, Design>;

/** Every stage halves the resolution. */
export function regNet(name: string, variant: keyof typeof designs, { classes, inputShape }: ModelOptions): Graph {
  const { blocks, widths, groupWidth, squeezes } = designs[variant];
  const net = graphBuilder(name, inputShape);
  let x = net.stem(() => convNormActivation(net, 'stem', net.input, { outChannels: 32, kernel: 3, stride: 2 }));
  widths.forEach((width, stage) => {
    const number = stage + 1;
    const makeBlocks = (): void => {
      for (let index = 0; index < blocks[stage]!; index++) {
        const options = { width, stride: index === 0 ? 2 : 1, groups: width / groupWidth, squeezes };
        x = net.block(`block${number}-${index}`, () => regNetBlock(net, x, options));
      }
    };
    net.stage(`stage${number}`, makeBlocks, { prefix: `trunk_output.block${number}` });
  });
  classifier(net, x, classes);
  return net.build();
}

interface BlockOptions {
  readonly width: number;
  readonly stride: number;
  readonly groups: number;
  readonly squeezes: boolean;
}

/** A grouped bottleneck with equal inner and outer width (figure 4). The squeeze is a quarter of the block's input. */
function regNetBlock(net: GraphBuilder, x: Value, { width, stride, groups, squeezes }: BlockOptions): Value {
  const [inChannels = 0] = net.shape(x);
  const one = { outChannels: width, kernel: 1 } as const;
  const projection = { ...one, stride, activation: 'none' } as const;
  const beside =
    stride === 1 && inChannels === width ? x : net.shortcut('proj', () => convNormActivation(net, '', x, projection));
  const branch = net.scope('f', () => {
    let y = convNormActivation(net, 'a', x, one);
    y = convNormActivation(net, 'b', y, { outChannels: width, kernel: 3, stride, groups });
    if (squeezes) y = squeezeExcitation(net, 'se', y, { squeeze: inChannels / 4 });
    return convNormActivation(net, 'c', y, { ...one, activation: 'none' });
  });
  return net.relu('activation', net.add('add', branch, beside));
}
