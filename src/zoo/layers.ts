/** What many families are made of, under torchvision's names. */

import type { Extent, GraphBuilder, Value } from '../graph/index.js';

/** The activations that networks of the zoo put behind a norm; `none` puts nothing there. */
export type Activation = 'relu' | 'relu6' | 'silu' | 'hardSwish' | 'none';

export interface ConvNormOptions {
  readonly outChannels: number;
  readonly kernel: Extent;
  /** Default 1. */
  readonly stride?: Extent;
  /** Default: what keeps the size at stride 1. */
  readonly padding?: Extent;
  /** Default 1. */
  readonly groups?: number;
  /** Default `relu`. */
  readonly activation?: Activation;
  /** The batch norm's; defaults 1e-5 and 0.1. */
  readonly epsilon?: number;
  readonly momentum?: number;
}

/**
 * Convolution without bias, batch norm and activation, as `<name>.0`, `<name>.1`, `<name>.2`: torchvision's
 * Conv2dNormActivation.
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

/** The padding that keeps the size at stride 1, for odd kernels. */
export function samePadding(kernel: Extent): Extent {
  const half = (extent: number): number => (extent - 1) / 2;
  return typeof kernel === 'number' ? half(kernel) : [half(kernel[0]), half(kernel[1])];
}

export interface SqueezeExcitationOptions {
  /** Channels between the two convolutions. */
  readonly squeeze: number;
  /** Behind the first convolution; default `relu`. */
  readonly activation?: 'relu' | 'silu';
  /** Behind the second; default `sigmoid`. */
  readonly gate?: 'sigmoid' | 'hardSigmoid';
}

/**
 * Squeeze and excitation (Hu et al. 2018): weighs the channels by what a small network makes of their means. Both of its
 * convolutions have biases; names are torchvision's.
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
 * The multiple of 8 nearest to `channels`, at least 8, unless it is more than a tenth below; then the next one: how the
 * mobile networks round the widths that a factor gives (TensorFlow's `_make_divisible`).
 */
export function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor(channels / 8 + 0.5) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** The rows of a paper's table as stages: each row that reduces the resolution begins one. */
export function stagesOf<Row extends { readonly stride: number }>(rows: readonly Row[]): Row[][] {
  const stages: Row[][] = [];
  for (const row of rows) {
    if (row.stride > 1 || stages.length === 0) stages.push([]);
    stages.at(-1)!.push(row);
  }
  return stages;
}
