/** Layers that many families share, with torchvision's names. */

import type { Extent, GraphBuilder, Value } from '../graph/index.js';

/** Activations that the zoo's networks use after a norm; `none` adds nothing. */
export type Activation = 'relu' | 'relu6' | 'silu' | 'hardSwish' | 'none';

export interface ConvNormOptions {
  readonly outChannels: number;
  readonly kernel: Extent;
  /** Default 1. */
  readonly stride?: Extent;
  /** Default: the padding that keeps the size at stride 1. */
  readonly padding?: Extent;
  /** Default 1. */
  readonly groups?: number;
  /** Default `relu`. */
  readonly activation?: Activation;
  /** Settings of the batch norm. Defaults: 1e-5 and 0.1. */
  readonly epsilon?: number;
  readonly momentum?: number;
}

/**
 * torchvision's Conv2dNormActivation: convolution without bias (`<name>.0`), batch norm (`<name>.1`) and activation
 * (`<name>.2`).
 */
export function convNormActivation(net: GraphBuilder, name: string, x: Value, options: ConvNormOptions): Value {
  const { activation = 'relu', epsilon = 1e-5, momentum = 0.1, padding = samePadding(options.kernel) } = options;
  const { outChannels, kernel, stride = 1, groups = 1 } = options;
  return net.scope(name, () => {
    const convolved = net.convolution('0', x, { outChannels, kernel, stride, padding, groups, bias: false });
    const normed = net.batchNorm('1', convolved, { epsilon, momentum });
    return activation === 'none' ? normed : net[activation]('2', normed);
  });
}

/** The padding that keeps the size at stride 1. For odd kernels only. */
export function samePadding(kernel: Extent): Extent {
  const half = (extent: number): number => (extent - 1) / 2;
  return typeof kernel === 'number' ? half(kernel) : [half(kernel[0]), half(kernel[1])];
}

export interface SqueezeExcitationOptions {
  /** Channels between the two convolutions. */
  readonly squeeze: number;
  /** Activation after the first convolution. Default `relu`. */
  readonly activation?: 'relu' | 'silu';
  /** Activation after the second convolution. Default `sigmoid`. */
  readonly gate?: 'sigmoid' | 'hardSigmoid';
}

/**
 * Squeeze and excitation (Hu et al. 2018): a small network computes a weight for each channel from the channel means.
 * Its two convolutions have biases; the names are torchvision's.
 */
export function squeezeExcitation(
  net: GraphBuilder,
  name: string,
  x: Value,
  { squeeze, activation = 'relu', gate = 'sigmoid' }: SqueezeExcitationOptions,
): Value {
  const [channels = 0] = net.shape(x);
  return net.scope(name, () => {
    const means = net.globalAveragePool('avgpool', x);
    const squeezed = net[activation]('activation', net.convolution('fc1', means, { outChannels: squeeze, kernel: 1 }));
    const excited = net.convolution('fc2', squeezed, { outChannels: channels, kernel: 1 });
    return net.multiply('multiply', x, net[gate]('scale_activation', excited));
  });
}

/**
 * Rounds a scaled width as the mobile networks do (TensorFlow's `_make_divisible`): to the nearest multiple of 8, at
 * least 8, or to the next multiple if rounding down would remove more than a tenth.
 */
export function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor(channels / 8 + 0.5) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** Groups the rows of a paper's table into stages. A row that reduces the resolution starts a new stage. */
export function stagesOf<Row extends { readonly stride: number }>(rows: readonly Row[]): Row[][] {
  const stages: Row[][] = [];
  for (const row of rows) {
    if (row.stride > 1 || stages.length === 0) stages.push([]);
    stages.at(-1)!.push(row);
  }
  return stages;
}
