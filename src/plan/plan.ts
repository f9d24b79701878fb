/**
 * A Plan is one whole step as a flat list of kernel calls over numbered tensors: everything that an engine has to know,
 * and nothing about networks, epochs or ratios. A training plan runs forward, loss, backward and update; an inference
 * plan runs forward only, with batch norm folded.
 *
 * Tensors are single-assignment within a step, except for the persistent ones that a call names under `update`.
 * The logical layout is NCHW, row-major; the engine decides how a tensor is laid out in memory (`in-place.ts` says which
 * results may overwrite an operand). A Plan is plain data.
 */

import type { Pair } from '../graph/op.js';

/**
 * - `input`: written by the caller before every run (`images` [N, C, H, W], `targets` [N, classes])
 * - `parameter`: learned; persistent
 * - `statistic`: state of the network (running mean and variance); persistent
 * - `optimizer`: state of the optimizer (velocity, moments); persistent
 * - `average`: exponential moving average of a parameter or statistic; persistent
 * - `gradient`: gradient of the loss with respect to a parameter
 * - `activation`: a feature map or vector of a batch, or the gradient with respect to it; the first dimension is the batch
 * - `small`: everything else: statistics, losses, norms; a few values per channel, example or position
 */
export type TensorRole =
  'input' | 'parameter' | 'statistic' | 'optimizer' | 'average' | 'gradient' | 'activation' | 'small';

/** Roles of the tensors that keep their values from one run to the next. */
export const persistentRoles: ReadonlySet<TensorRole> = new Set(['parameter', 'statistic', 'optimizer', 'average']);

export interface TensorSpec {
  /** Its index in `Plan.tensors`. */
  readonly id: number;
  /** Unique. Parameters and statistics have their state_dict name; others have descriptive names: `grad:fc.weight`. */
  readonly name: string;
  readonly role: TensorRole;
  readonly dims: readonly number[];
  /** `uint8` is only for the index of a max pooling: the row-major position of the maximum in its window. */
  readonly type: 'float32' | 'uint8';
  /** For `gradient`, `optimizer` and `average`: the id of the parameter whose shape (and layout) it shares. */
  readonly of?: number;
}

/** A sliding window; all pairs are [height, width]. `padding` is the zeros at the start; those at the end follow from the sizes. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

export interface ConvolutionWindow extends Window {
  readonly dilation: Pair;
  readonly groups: number;
}

/** Elementwise functions; definitions as in `graph/op.ts`. */
export type ActivationFunction =
  | { readonly name: 'relu' }
  | { readonly name: 'leakyRelu'; readonly slope: number }
  | { readonly name: 'prelu' }
  | { readonly name: 'relu6' }
  | { readonly name: 'silu' }
  | { readonly name: 'gelu' }
  | { readonly name: 'sigmoid' }
  | { readonly name: 'hardSwish' }
  | { readonly name: 'hardSigmoid' };

/** Tensor ids by the role they have in a call. */
type Ids<Required extends string, Optional extends string = never> = { readonly [K in Required]: number } & {
  readonly [K in Optional]?: number;
};
/** Any number of ids under x0, x1, x2, … */
export type NumberedIds = { readonly [name: `x${number}`]: number };

interface Call<Kind extends string, Inputs, Outputs, Updates = Record<never, number>> {
  readonly kind: Kind;
  /** The graph node (or parameter) that this call belongs to; for printing and messages. */
  readonly node: string;
  /** Tensors read. */
  readonly in: Inputs;
  /** Tensors that the call writes completely. */
  readonly out: Outputs;
  /** Persistent tensors read and written. */
  readonly update: Updates;
}

/** y = conv(x, weight) + bias + addend, then ReLU if `relu`. */
export interface ConvolutionCall extends Call<'convolution', Ids<'x' | 'weight', 'bias' | 'addend'>, Ids<'y'>> {
  readonly window: ConvolutionWindow;
  readonly relu: boolean;
}
export interface ConvolutionDataGradientCall extends Call<'convolutionDataGradient', Ids<'dy' | 'weight'>, Ids<'dx'>> {
  readonly window: ConvolutionWindow;
}
export interface ConvolutionWeightGradientCall extends Call<
  'convolutionWeightGradient',
  Ids<'x' | 'dy'>,
  Ids<'dweight', 'dbias'>
> {
  readonly window: ConvolutionWindow;
}

/** y = x·weightᵀ + bias; x [N, in], weight [out, in]. */
export type LinearCall = Call<'linear', Ids<'x' | 'weight', 'bias'>, Ids<'y'>>;
export type LinearDataGradientCall = Call<'linearDataGradient', Ids<'dy' | 'weight'>, Ids<'dx'>>;
export type LinearWeightGradientCall = Call<'linearWeightGradient', Ids<'x' | 'dy'>, Ids<'dweight', 'dbias'>>;

/**
 * Batch norm with the batch's own statistics, then addition, then ReLU if `relu`:
 * y = relu((x − mean)·inverseDeviation·weight + bias + addend), inverseDeviation = 1/√(variance + epsilon), biased
 * variance. Updates the running statistics (the running variance with the unbiased one, as PyTorch does; with a
 * single value per channel the biased one).
 */
export interface BatchNormCall extends Call<
  'batchNorm',
  Ids<'x' | 'weight' | 'bias', 'addend'>,
  Ids<'y' | 'mean' | 'inverseDeviation'>,
  Ids<'runningMean' | 'runningVar'>
> {
  readonly epsilon: number;
  readonly momentum: number;
  readonly relu: boolean;
}
/**
 * With g = (dy + dy2), set to zero where the forward ReLU gave 0 if `relu`: daddend = g, dbias = Σg, dweight = Σg·x̂,
 * dx = weight·inverseDeviation·(g − dbias/M − x̂·dweight/M), M values per channel. If `relu`, one of two tensors tells where
 * the ReLU gave 0: `y` (where it is ≤ 0) or, if nothing was added before the ReLU, `bias` (where x̂·weight + bias ≤ 0).
 */
export interface BatchNormGradientCall extends Call<
  'batchNormGradient',
  Ids<'x' | 'dy' | 'weight' | 'mean' | 'inverseDeviation', 'dy2' | 'y' | 'bias'>,
  Ids<'dx' | 'dweight' | 'dbias', 'daddend'>
> {
  readonly relu: boolean;
}
/** Folded batch norm: y = x·scale + shift per channel, + addend, then ReLU if `relu`. */
export interface ChannelAffineCall extends Call<'channelAffine', Ids<'x' | 'scale' | 'shift', 'addend'>, Ids<'y'>> {
  readonly relu: boolean;
}

/**
 * y = (x − mean)·inverseDeviation·weight + bias, with mean and inverseDeviation = 1/√(variance + epsilon) (biased
 * variance) over the channels of each position: x [N, C, …], both statistics [N, positions] (one position if x is [N, C]).
 */
export interface LayerNormCall extends Call<
  'layerNorm',
  Ids<'x' | 'weight' | 'bias'>,
  Ids<'y' | 'mean' | 'inverseDeviation'>
> {
  readonly epsilon: number;
}
/**
 * With x̂ = (x − mean)·inverseDeviation and g = dy·weight: dbias = Σdy, dweight = Σdy·x̂ over examples and positions,
 * dx = inverseDeviation·(g − Σg/C − x̂·Σ(g·x̂)/C), sums over the C channels of each position.
 */
export type LayerNormGradientCall = Call<
  'layerNormGradient',
  Ids<'x' | 'dy' | 'weight' | 'mean' | 'inverseDeviation'>,
  Ids<'dx' | 'dweight' | 'dbias'>
>;
/** y = x·s^−beta with s = k + alpha/size·Σx², the sum over channels c − ⌊size/2⌋ … c + ⌊(size − 1)/2⌋. */
export interface LocalResponseNormCall extends Call<'localResponseNorm', Ids<'x'>, Ids<'y'>> {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}
/** dx[c] = dy[c]·s[c]^−beta − 2·alpha·beta/size·x[c]·Σ dy[j]·x[j]·s[j]^(−beta − 1) over the j whose window contains c. */
export interface LocalResponseNormGradientCall extends Call<'localResponseNormGradient', Ids<'x' | 'dy'>, Ids<'dx'>> {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** y = f(x); `weight` holds PReLU's slopes ([channels] or [1]). */
export interface ActivationCall extends Call<'activation', Ids<'x', 'weight'>, Ids<'y'>> {
  readonly function: ActivationFunction;
}
/**
 * dx = dy·f′; `saved` is y for relu and relu6, x for all others. At 0, f′ is the derivative from below; relu6's at 6
 * is 0, hardSwish's at −3 is 0 and at 3 is 1, hardSigmoid's at −3 and 3 is 0 (as in PyTorch).
 */
export interface ActivationGradientCall extends Call<
  'activationGradient',
  Ids<'saved' | 'dy', 'weight'>,
  Ids<'dx', 'dweight'>
> {
  readonly function: ActivationFunction;
}

/** y = x0 + x1 + …, then ReLU if `relu`. */
export interface SumCall extends Call<'sum', NumberedIds, Ids<'y'>> {
  readonly relu: boolean;
}
/** y = x·gate; x [N, C, H, W], gate [N, C, 1, 1]. */
export type MultiplyCall = Call<'multiply', Ids<'x' | 'gate'>, Ids<'y'>>;
/** dgate = Σ dy·x over height and width, dx = dy·gate. */
export type MultiplyGradientCall = Call<'multiplyGradient', Ids<'x' | 'gate' | 'dy'>, Ids<'dgate', 'dx'>>;
/** Joins x0, x1, … along dimension 1. */
export type ConcatCall = Call<'concat', NumberedIds, Ids<'y'>>;
/** Channels `start` … `start` + (channels of y) − 1 of x. Gradient of concat and of padChannels, and vice versa. */
export interface SliceChannelsCall extends Call<'sliceChannels', Ids<'x'>, Ids<'y'>> {
  readonly start: number;
}
/** Channel j of run i, of `groups` runs of C/groups channels, becomes channel j·groups + i. x [N, C, H, W]. */
export interface ChannelShuffleCall extends Call<'channelShuffle', Ids<'x'>, Ids<'y'>> {
  readonly groups: number;
}
/** Adds channels of zeros before and after x; the number after it follows from y. */
export interface PadChannelsCall extends Call<'padChannels', Ids<'x'>, Ids<'y'>> {
  readonly before: number;
}

/** Inference plans have no `index`. If several elements of a window are largest, the first one counts. */
export interface MaxPoolCall extends Call<'maxPool', Ids<'x'>, Ids<'y', 'index'>> {
  readonly window: Window;
}
export interface MaxPoolGradientCall extends Call<'maxPoolGradient', Ids<'dy' | 'index'>, Ids<'dx'>> {
  readonly window: Window;
}
/**
 * If `countPadding`, a window's divisor counts the zeros within `padding` of the input, at the start and at the end. It does
 * not count positions beyond them, which a window may cover if the output size was rounded up (as in PyTorch).
 */
export interface AveragePoolCall extends Call<'averagePool', Ids<'x'>, Ids<'y'>> {
  readonly window: Window;
  readonly countPadding: boolean;
}
export interface AveragePoolGradientCall extends Call<'averagePoolGradient', Ids<'dy'>, Ids<'dx'>> {
  readonly window: Window;
  readonly countPadding: boolean;
}
/** [N, C, H, W] to [N, C, 1, 1]. */
export type GlobalAveragePoolCall = Call<'globalAveragePool', Ids<'x'>, Ids<'y'>>;
export type GlobalAveragePoolGradientCall = Call<'globalAveragePoolGradient', Ids<'dy'>, Ids<'dx'>>;

/** Mean over windows; along an axis window i spans ⌊i·in/out⌋ … ⌈(i + 1)·in/out⌉ − 1. The sizes follow from x and y. */
export type AdaptiveAveragePoolCall = Call<'adaptiveAveragePool', Ids<'x'>, Ids<'y'>>;
export type AdaptiveAveragePoolGradientCall = Call<'adaptiveAveragePoolGradient', Ids<'dy'>, Ids<'dx'>>;

/** [N, C, H, W] to [N, C·H·W], and back. */
export type FlattenCall = Call<'flatten', Ids<'x'>, Ids<'y'>>;
export type UnflattenCall = Call<'unflatten', Ids<'x'>, Ids<'y'>>;

/**
 * y = x·mask/(1 − rate). The mask is a function of position: element e (row-major in logical NCHW order; if `per` is
 * `example`, all elements of example e) is kept iff word e mod 4 of philox(counter [⌊e/4⌋, step, stream, 0], key [seed, 0x64726f70]) ≥ ⌊rate·2³²⌋. Scalar `step`.
 * The gradient is the same call on dy.
 */
export interface DropoutCall extends Call<'dropout', Ids<'x'>, Ids<'y'>> {
  readonly rate: number;
  readonly per: 'element' | 'example';
  readonly seed: number;
  readonly stream: number;
}

/** y = x·weight; weight [channels], or [C, H, W] (or [features]) if `per` is `element`. */
export interface ScaleCall extends Call<'scale', Ids<'x' | 'weight'>, Ids<'y'>> {
  readonly per: 'channel' | 'element';
}
export interface ScaleGradientCall extends Call<'scaleGradient', Ids<'x' | 'weight' | 'dy'>, Ids<'dweight', 'dx'>> {
  readonly per: 'channel' | 'element';
}

/**
 * Targets are distributions over K classes, smoothed first: t ← t·(1 − labelSmoothing) + labelSmoothing/K.
 * losses[n] = −Σ t·log softmax(logits); correct[n] = 1 if the first largest logit is at the position of the first largest target, else 0;
 * dlogits = (softmax − t)/N, the gradient of the mean loss.
 */
export interface SoftmaxCrossEntropyCall extends Call<
  'softmaxCrossEntropy',
  Ids<'logits' | 'targets'>,
  Ids<'losses' | 'correct' | 'dlogits'>
> {
  readonly labelSmoothing: number;
}

/** norm[0] = √Σ g² over all the given gradients, of parameters or of activations. */
export type GradientNormCall = Call<'gradientNorm', NumberedIds, Ids<'norm'>>;

/**
 * g ← gradient·min(1, clipNorm/norm) if `norm` is given, else gradient; g ← g + weightDecay·parameter;
 * velocity ← momentum·velocity + g; parameter ← parameter − learningRate·(nesterov ? g + momentum·velocity : velocity).
 * Velocity starts at zero; without momentum there is none. Scalar `learningRate`. (PyTorch's form, without dampening.)
 */
export interface SgdCall extends Call<
  'sgd',
  Ids<'gradient', 'norm'>,
  Record<never, number>,
  Ids<'parameter', 'velocity'>
> {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly clipNorm: number;
}
/** Loshchilov and Hutter 2019, in PyTorch's form. Scalars `learningRate`, and `step` counted from 0 (bias correction uses step + 1). */
export interface AdamWCall extends Call<
  'adamw',
  Ids<'gradient', 'norm'>,
  Record<never, number>,
  Ids<'parameter' | 'firstMoment' | 'secondMoment'>
> {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
}
/** average ← decay·average + (1 − decay)·x. Scalar `averageDecay`, so that it can warm up. */
export type MovingAverageCall = Call<'movingAverage', Ids<'x'>, Record<never, number>, Ids<'average'>>;

export type KernelCall =
  | ConvolutionCall
  | ConvolutionDataGradientCall
  | ConvolutionWeightGradientCall
  | LinearCall
  | LinearDataGradientCall
  | LinearWeightGradientCall
  | BatchNormCall
  | BatchNormGradientCall
  | ChannelAffineCall
  | LayerNormCall
  | LayerNormGradientCall
  | LocalResponseNormCall
  | LocalResponseNormGradientCall
  | ActivationCall
  | ActivationGradientCall
  | SumCall
  | MultiplyCall
  | MultiplyGradientCall
  | ConcatCall
  | SliceChannelsCall
  | ChannelShuffleCall
  | PadChannelsCall
  | MaxPoolCall
  | MaxPoolGradientCall
  | AveragePoolCall
  | AveragePoolGradientCall
  | GlobalAveragePoolCall
  | GlobalAveragePoolGradientCall
  | AdaptiveAveragePoolCall
  | AdaptiveAveragePoolGradientCall
  | FlattenCall
  | UnflattenCall
  | DropoutCall
  | ScaleCall
  | ScaleGradientCall
  | SoftmaxCrossEntropyCall
  | GradientNormCall
  | SgdCall
  | AdamWCall
  | MovingAverageCall;

export type KernelKind = KernelCall['kind'];
export type CallOf<K extends KernelKind> = Extract<KernelCall, { kind: K }>;

/** Numbers that the caller supplies with each run. */
export type ScalarName = 'learningRate' | 'step' | 'averageDecay';

export interface Plan {
  /** For messages: the graph's name and the kind of plan. */
  readonly name: string;
  readonly mode: 'training' | 'inference';
  readonly batch: number;
  readonly tensors: readonly TensorSpec[];
  readonly calls: readonly KernelCall[];
  /** Names that `run` takes, with their tensors: float32, of any role that is not persistent. */
  readonly inputs: { readonly [name: string]: number };
  /** Names that `run` returns, with their float32 tensors: `losses`, `correct`, `logits`, `norm`, `grad:<parameter>`, `norm:<parameter>`, `norm:<convolution>.input`. */
  readonly outputs: { readonly [name: string]: number };
  readonly scalars: readonly ScalarName[];
}
