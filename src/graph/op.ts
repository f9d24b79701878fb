/**
 * The vocabulary of networks: every op with its attributes, a discriminated union on `kind`.
 *
 * Attributes hold only what cannot be inferred; input channels and sizes follow from the inputs' shapes. Feature maps have
 * shape [channels, height, width], vectors [features]; the batch dimension is left out. Spatial
 * attributes are [height, width].
 */

/** Height and width. */
export type Pair = readonly [height: number, width: number];

/** The shape of one example: [channels, height, width] or [features]. */
export type Shape = readonly number[];

/** The network's input, one example of the given shape. */
export interface InputOp {
  readonly kind: 'input';
  readonly shape: Shape;
}

/** Cross-correlation, as usual in deep learning: weight [outChannels, inChannels / groups, height, width]. */
export interface ConvolutionOp {
  readonly kind: 'convolution';
  readonly outChannels: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Zeros added on each side. */
  readonly padding: Pair;
  /** 1 is dense, as in PyTorch. */
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: boolean;
}

/** Batch normalization over each channel (Ioffe and Szegedy 2015), affine. */
export interface BatchNormOp {
  readonly kind: 'batchNorm';
  readonly epsilon: number;
  /** Weight of the new batch in the running statistics: running ← (1 − momentum)·running + momentum·batch. */
  readonly momentum: number;
}

/**
 * Normalization over the channels (Ba et al. 2016), with a weight and a bias for each channel and biased variance. [C, H, W] is
 * normalized at each position separately, [features] over all features.
 */
export interface LayerNormOp {
  readonly kind: 'layerNorm';
  readonly epsilon: number;
}
/**
 * x/(k + alpha/size·Σx²)^beta (Krizhevsky et al. 2012, in PyTorch's form); the sum runs over `size` neighboring channels
 * at one position, from ⌊size/2⌋ before to ⌊(size − 1)/2⌋ after it.
 */
export interface LocalResponseNormOp {
  readonly kind: 'localResponseNorm';
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

export interface ReluOp {
  readonly kind: 'relu';
}
/** x for x ≥ 0, slope·x below. */
export interface LeakyReluOp {
  readonly kind: 'leakyRelu';
  readonly slope: number;
}
/** Leaky ReLU with learned slopes (He et al. 2015), one for each channel or one for all. */
export interface PreluOp {
  readonly kind: 'prelu';
  readonly initialSlope: number;
  readonly perChannel: boolean;
}
/** min(max(x, 0), 6). */
export interface Relu6Op {
  readonly kind: 'relu6';
}
/** x·sigmoid(x). */
export interface SiluOp {
  readonly kind: 'silu';
}
/** x·Φ(x), exact (with the error function, not the tanh approximation). */
export interface GeluOp {
  readonly kind: 'gelu';
}
export interface SigmoidOp {
  readonly kind: 'sigmoid';
}
/** x·min(max(x + 3, 0), 6)/6 (Howard et al. 2019). */
export interface HardSwishOp {
  readonly kind: 'hardSwish';
}
/** min(max(x + 3, 0), 6)/6. */
export interface HardSigmoidOp {
  readonly kind: 'hardSigmoid';
}

/** Passes its input on; takes the place of a dropped activation. Costs nothing, because plans leave it out. */
export interface IdentityOp {
  readonly kind: 'identity';
}

/** Sum of two or more inputs of one shape. */
export interface AddOp {
  readonly kind: 'add';
}
/** Multiplies each channel of its first input [C, H, W] by that channel's value in its second [C, 1, 1]: a gate. */
export interface MultiplyOp {
  readonly kind: 'multiply';
}
/** The channels `start` … `start + count − 1`. */
export interface SliceChannelsOp {
  readonly kind: 'sliceChannels';
  readonly start: number;
  readonly count: number;
}
/**
 * Interleaves `groups` groups of C/groups channels (Zhang et al. 2018): channel j of group i becomes channel j·groups + i.
 */
export interface ChannelShuffleOp {
  readonly kind: 'channelShuffle';
  readonly groups: number;
}
/** Joins two or more inputs along the channels (or features). */
export interface ConcatOp {
  readonly kind: 'concat';
}
/** Adds channels of zeros before and after the input's: the parameter-free shortcut (He et al. 2015, option A). */
export interface PadChannelsOp {
  readonly kind: 'padChannels';
  readonly before: number;
  readonly after: number;
}

/** Maximum over windows; padding counts as −∞. */
export interface MaxPoolOp {
  readonly kind: 'maxPool';
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** Round the output size up instead of down; windows that would start in the padding at the end are left out. */
  readonly ceil: boolean;
}
/** Mean over windows. */
export interface AveragePoolOp {
  readonly kind: 'averagePool';
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceil: boolean;
  /** Whether the divisor counts padding. */
  readonly countPadding: boolean;
}
/** Mean over height and width: [C, H, W] to [C, 1, 1]. */
export interface GlobalAveragePoolOp {
  readonly kind: 'globalAveragePool';
}
/** Mean over a grid of `size` windows; along an axis window i spans ⌊i·in/out⌋ … ⌈(i + 1)·in/out⌉ − 1. */
export interface AdaptiveAveragePoolOp {
  readonly kind: 'adaptiveAveragePool';
  readonly size: Pair;
}

/** y = W·x + b with weight [outFeatures, inFeatures]. */
export interface LinearOp {
  readonly kind: 'linear';
  readonly outFeatures: number;
  readonly bias: boolean;
}
/** [C, H, W] to [C·H·W], row-major. */
export interface FlattenOp {
  readonly kind: 'flatten';
}
/** In training sets each element to zero with probability `rate` and divides the others by 1 − rate. */
export interface DropoutOp {
  readonly kind: 'dropout';
  readonly rate: number;
}
/** In training sets whole examples to zero with probability `rate` and divides the others by 1 − rate (Huang et al. 2016). */
export interface StochasticDepthOp {
  readonly kind: 'stochasticDepth';
  readonly rate: number;
}
/** Multiplies by learned factors: one for each channel, or one for each element of [C, H, W]. */
export interface ScaleOp {
  readonly kind: 'scale';
  readonly per: 'channel' | 'element';
  readonly initial: number;
}

export type ActivationOp =
  ReluOp | LeakyReluOp | PreluOp | Relu6Op | SiluOp | GeluOp | SigmoidOp | HardSwishOp | HardSigmoidOp;

export type Op =
  | InputOp
  | ConvolutionOp
  | BatchNormOp
  | LayerNormOp
  | LocalResponseNormOp
  | ActivationOp
  | IdentityOp
  | AddOp
  | MultiplyOp
  | ConcatOp
  | SliceChannelsOp
  | ChannelShuffleOp
  | PadChannelsOp
  | MaxPoolOp
  | AveragePoolOp
  | GlobalAveragePoolOp
  | AdaptiveAveragePoolOp
  | LinearOp
  | FlattenOp
  | DropoutOp
  | StochasticDepthOp
  | ScaleOp;

export type OpKind = Op['kind'];

/** The op of one kind. */
export type OpOf<K extends OpKind> = Extract<Op, { kind: K }>;
