/**
 * Reverse-mode differentiation. It works on fused forward calls rather than on ops, so that gradients of fused calls
 * are fused too; the rule table is therefore total over the kernels that the forward half of a training plan uses.
 */

import { applyRule, type Rules } from '../base/rules.js';
import type { Draft } from './draft.js';
import { type ForwardKind, idsRead, idsWritten, isForward, numbered } from './kernels.js';
import type { CallOf, KernelCall } from './plan.js';

interface Backward {
  readonly node: string;
  emit(call: KernelCall): void;
  /** Whether the loss's gradient by this tensor is of use to any parameter. */
  needed(id: number): boolean;
  /** One tensor that holds the sum of `gradients`; adds a call where there are several. */
  total(gradients: readonly number[], of: number): number;
  /** The gradient before a fused ReLU, given that behind it; `y` is what the ReLU gave. */
  throughRelu(gradients: readonly number[], y: number): number;
  /** A new tensor for a part of the gradient by the activation `id`. */
  partial(id: number): number;
  /** Takes an existing tensor as a part of the gradient by the activation `id`. */
  pass(id: number, gradient: number): void;
  /** Takes the channels of `dy` from `start` on, as many as `id` has, as a part of the gradient by `id`. */
  slice(id: number, dy: number, start: number): void;
  channels(id: number): number;
  /** The tensor for the gradient by a parameter. */
  parameter(id: number): number;
}

/** Each rule emits the calls that turn `dys`, parts of the gradient by the call's y, into gradients by its inputs. */
const gradientRules: Rules<CallOf<ForwardKind>, [dys: readonly number[], backward: Backward], void> = {
  convolution: ({ in: { x, weight, bias, addend }, out: { y }, window, relu }, dys, backward) => {
    const { node } = backward;
    const dy = relu ? backward.throughRelu(dys, y) : backward.total(dys, y);
    if (addend !== undefined) backward.pass(addend, dy);
    // The weights' gradient first: x can go before dx comes.
    backward.emit({
      kind: 'convolutionWeightGradient',
      node,
      in: { x, dy },
      out: {
        dweight: backward.parameter(weight),
        ...(bias === undefined ? {} : { dbias: backward.parameter(bias) }),
      },
      update: {},
      window,
    });
    if (!backward.needed(x)) return;
    const dx = backward.partial(x);
    backward.emit({ kind: 'convolutionDataGradient', node, in: { dy, weight }, out: { dx }, update: {}, window });
  },

  linear: ({ in: { x, weight, bias }, out: { y } }, dys, backward) => {
    const { node } = backward;
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'linearWeightGradient',
      node,
      in: { x, dy },
      out: {
        dweight: backward.parameter(weight),
        ...(bias === undefined ? {} : { dbias: backward.parameter(bias) }),
      },
      update: {},
    });
    if (!backward.needed(x)) return;
    const dx = backward.partial(x);
    backward.emit({ kind: 'linearDataGradient', node, in: { dy, weight }, out: { dx }, update: {} });
  },

  batchNorm: ({ in: { x, weight, bias, addend }, out: { y, mean, inverseDeviation }, relu }, dys, backward) => {
    // The kernel adds two parts on the way; more would cost it more than one sum before.
    const [dy, dy2] = dys.length === 2 ? (dys as [number, number]) : [backward.total(dys, y)];
    const wanted = addend !== undefined && backward.needed(addend);
    const unchanged = !relu && dy2 === undefined;
    // Without an addend x tells as well as y what the ReLU let through, and is read anyway.
    const mask = !relu ? {} : addend === undefined ? { bias } : { y };
    if (wanted && unchanged) backward.pass(addend, dy);
    backward.emit({
      kind: 'batchNormGradient',
      node: backward.node,
      in: { x, dy, ...(dy2 === undefined ? {} : { dy2 }), ...mask, weight, mean, inverseDeviation },
      out: {
        dx: backward.partial(x),
        dweight: backward.parameter(weight),
        dbias: backward.parameter(bias),
        ...(wanted && !unchanged ? { daddend: backward.partial(addend) } : {}),
      },
      update: {},
      relu,
    });
  },

  layerNorm: ({ in: { x, weight, bias }, out: { y, mean, inverseDeviation } }, dys, backward) => {
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'layerNormGradient',
      node: backward.node,
      in: { x, dy, weight, mean, inverseDeviation },
      out: { dx: backward.partial(x), dweight: backward.parameter(weight), dbias: backward.parameter(bias) },
      update: {},
    });
  },

  localResponseNorm: ({ in: { x }, out: { y }, size, alpha, beta, k }, dys, backward) => {
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'localResponseNormGradient',
      node: backward.node,
      in: { x, dy },
      out: { dx: backward.partial(x) },
      update: {},
      ...{ size, alpha, beta, k },
    });
  },

  activation: ({ in: { x, weight }, out: { y }, function: f }, dys, backward) => {
    const saved = f.name === 'relu' || f.name === 'relu6' ? y : x;
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'activationGradient',
      node: backward.node,
      in: { saved, dy, ...(weight === undefined ? {} : { weight }) },
      out: { dx: backward.partial(x), ...(weight === undefined ? {} : { dweight: backward.parameter(weight) }) },
      update: {},
      function: f,
    });
  },

  sum: ({ in: terms, out: { y }, relu }, dys, backward) => {
    const dy = relu ? backward.throughRelu(dys, y) : backward.total(dys, y);
    for (const term of Object.values(terms)) backward.pass(term, dy);
  },

  multiply: ({ in: { x, gate }, out: { y } }, dys, backward) => {
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'multiplyGradient',
      node: backward.node,
      in: { x, gate, dy },
      out: { dgate: backward.partial(gate), ...(backward.needed(x) ? { dx: backward.partial(x) } : {}) },
      update: {},
    });
  },

  concat: ({ in: terms, out: { y } }, dys, backward) => {
    const dy = backward.total(dys, y);
    let start = 0;
    for (const term of Object.values(terms)) {
      backward.slice(term, dy, start);
      start += backward.channels(term);
    }
  },

  sliceChannels: ({ in: { x }, out: { y }, start }, dys, backward) => {
    const { node } = backward;
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'padChannels',
      node,
      in: { x: dy },
      out: { y: backward.partial(x) },
      update: {},
      before: start,
    });
  },

  channelShuffle: ({ in: { x }, out: { y }, groups }, dys, backward) => {
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'channelShuffle',
      node: backward.node,
      in: { x: dy },
      out: { y: backward.partial(x) },
      update: {},
      // Transposing back: as many runs as each run had channels.
      groups: backward.channels(x) / groups,
    });
  },

  padChannels: ({ in: { x }, out: { y }, before }, dys, backward) => {
    backward.slice(x, backward.total(dys, y), before);
  },

  maxPool: ({ in: { x }, out: { y, index }, window }, dys, backward) => {
    const dy = backward.total(dys, y);
    const dx = backward.partial(x);
    const { node } = backward;
    backward.emit({ kind: 'maxPoolGradient', node, in: { dy, index: index! }, out: { dx }, update: {}, window });
  },

  averagePool: ({ in: { x }, out: { y }, window, countPadding }, dys, backward) => {
    const dy = backward.total(dys, y);
    const dx = backward.partial(x);
    const { node } = backward;
    backward.emit({ kind: 'averagePoolGradient', node, in: { dy }, out: { dx }, update: {}, window, countPadding });
  },

  globalAveragePool: ({ in: { x }, out: { y } }, dys, backward) => {
    const dy = backward.total(dys, y);
    const dx = backward.partial(x);
    backward.emit({ kind: 'globalAveragePoolGradient', node: backward.node, in: { dy }, out: { dx }, update: {} });
  },

  adaptiveAveragePool: ({ in: { x }, out: { y } }, dys, backward) => {
    const dy = backward.total(dys, y);
    const dx = backward.partial(x);
    backward.emit({ kind: 'adaptiveAveragePoolGradient', node: backward.node, in: { dy }, out: { dx }, update: {} });
  },

  flatten: ({ in: { x }, out: { y } }, dys, backward) => {
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'unflatten',
      node: backward.node,
      in: { x: dy },
      out: { y: backward.partial(x) },
      update: {},
    });
  },

  dropout: ({ in: { x }, out: { y }, rate, per, seed, stream }, dys, backward) => {
    const dy = backward.total(dys, y);
    const dx = backward.partial(x);
    backward.emit({
      kind: 'dropout',
      node: backward.node,
      in: { x: dy },
      out: { y: dx },
      update: {},
      rate,
      per,
      seed,
      stream,
    });
  },

  scale: ({ in: { x, weight }, out: { y }, per }, dys, backward) => {
    const dy = backward.total(dys, y);
    backward.emit({
      kind: 'scaleGradient',
      node: backward.node,
      in: { x, weight, dy },
      out: { dweight: backward.parameter(weight), dx: backward.partial(x) },
      update: {},
      per,
    });
  },
};

export interface Differentiated {
  readonly calls: readonly KernelCall[];
  /** Parameter → the tensor with its gradient. */
  readonly gradients: ReadonlyMap<number, number>;
}

/** What differentiation has found so far. */
interface Progress {
  readonly draft: Draft;
  readonly calls: KernelCall[];
  /** Tensor → the parts of the gradient by it. */
  readonly parts: Map<number, number[]>;
  /** Tensors that depend on a parameter. */
  readonly needed: ReadonlySet<number>;
  readonly gradients: ReadonlyMap<number, number>;
}

/**
 * The calls of the backward half.
 * @param forward the fused forward calls of a training plan
 * @param seed the gradient of the loss by one of their values: logits → dlogits
 * @param trainable ids of the parameters to differentiate by
 */
export function differentiate(
  draft: Draft,
  forward: readonly KernelCall[],
  seed: { readonly value: number; readonly gradient: number },
  trainable: readonly number[],
): Differentiated {
  const gradients = new Map(
    trainable.map((of) => {
      const { name, dims } = draft.tensor(of);
      return [of, draft.add(`grad:${name}`, 'gradient', dims, { of })];
    }),
  );
  const needed = new Set(trainable);
  for (const call of forward)
    if (idsRead(call).some((id) => needed.has(id))) idsWritten(call).forEach((id) => needed.add(id));

  const parts = new Map([[seed.value, [seed.gradient]]]);
  const progress: Progress = { draft, calls: [], parts, needed, gradients };
  for (const call of forward.toReversed()) {
    if (!isForward(call)) throw new Error(`No rule says how ${call.kind} is differentiated.`);
    const { y } = call.out;
    const dys = parts.get(y);
    if (needed.has(y) && dys) applyRule(gradientRules, call, dys, backwardOf(call.node, progress));
  }
  return { calls: progress.calls, gradients };
}

/** What the gradient rule of a node's call works with. */
function backwardOf(node: string, { draft, calls, parts, needed, gradients }: Progress): Backward {
  const emit = (call: KernelCall): void => void calls.push(call);
  const gradientLike = (id: number): number => {
    const { name, dims } = draft.tensor(id);
    return draft.add(`grad:${name}`, 'activation', dims);
  };
  const pass = (id: number, gradient: number): void => {
    if (!needed.has(id)) return;
    const list = parts.get(id);
    if (list) list.push(gradient);
    else parts.set(id, [gradient]);
  };
  const partial = (id: number): number => {
    const gradient = gradientLike(id);
    pass(id, gradient);
    return gradient;
  };
  const total = (list: readonly number[], of: number): number => {
    if (list.length === 1) return list[0]!;
    const sum = gradientLike(of);
    emit({ kind: 'sum', node, in: numbered(list), out: { y: sum }, update: {}, relu: false });
    return sum;
  };
  return {
    node,
    emit,
    needed: (id) => needed.has(id),
    total,
    throughRelu: (list, saved) => {
      const dy = total(list, saved);
      const dx = gradientLike(saved);
      const relu = { name: 'relu' } as const;
      emit({ kind: 'activationGradient', node, in: { saved, dy }, out: { dx }, update: {}, function: relu });
      return dx;
    },
    partial,
    pass,
    slice: (id, dy, start) => {
      if (!needed.has(id)) return;
      emit({ kind: 'sliceChannels', node, in: { x: dy }, out: { y: partial(id) }, update: {}, start });
    },
    channels: (id) => draft.tensor(id).dims[1]!,
    parameter: (id) => gradients.get(id)!,
  };
}
