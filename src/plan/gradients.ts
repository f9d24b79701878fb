/**
 * Reverse-mode differentiation. It works on fused forward calls rather than on ops, so that the gradients are fused as well.
 * The rules are a column of the kernel table.
 */

import { applyRule, column, type Rules } from '../base/rules.js';
import type { Draft } from './draft.js';
import { type ForwardKind, idsRead, idsWritten, isForward, kernelTable, numbered } from './kernels.js';
import type { Backward } from './kernels/row.js';
import type { CallOf, KernelCall } from './plan.js';

const forwardTable: Pick<typeof kernelTable, ForwardKind> = kernelTable;
const gradientRules: Rules<CallOf<ForwardKind>, [dys: readonly number[], backward: Backward], void> = column(
  forwardTable,
  'gradient',
);

export interface Differentiated {
  readonly calls: readonly KernelCall[];
  /** Parameter → the tensor with its gradient. */
  readonly gradients: ReadonlyMap<number, number>;
  /** Measured tensor → the tensor with the norm of its gradient. Values that depend on no parameter have none. */
  readonly norms: ReadonlyMap<number, number>;
}

/** The state of differentiation. */
interface Progress {
  readonly draft: Draft;
  readonly calls: KernelCall[];
  /** Tensor → the gradients with respect to it, one for each reader; their sum is the gradient. */
  readonly parts: Map<number, number[]>;
  /** Tensors that depend on a parameter. */
  readonly needed: ReadonlySet<number>;
  readonly gradients: ReadonlyMap<number, number>;
}

/**
 * Computes the calls of the backward half.
 * @param forward the fused forward calls of a training plan
 * @param seed a value with the gradient of the loss with respect to it: logits and dlogits
 * @param trainable ids of the parameters to differentiate with respect to
 * @param measured ids of parameters and values whose gradient's norm is wanted. Each norm is taken as soon as its gradient is
 * complete, so that no gradient stays in memory for it.
 */
export function differentiate(
  draft: Draft,
  forward: readonly KernelCall[],
  seed: { readonly value: number; readonly gradient: number },
  trainable: readonly number[],
  measured: ReadonlySet<number> = new Set(),
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
  const norms = new Map<number, number>();
  const progress: Progress = { draft, calls: [], parts, needed, gradients };
  for (const call of forward.toReversed()) {
    if (!isForward(call)) throw new Error(`No rule says how ${call.kind} is differentiated.`);
    const { y } = call.out;
    const dys = parts.get(y);
    if (!needed.has(y) || !dys) continue;
    const tools = backwardOf(call.node, progress);
    // The norm needs the sum of the parts, which the rule may then use as well.
    const given = measured.has(y) ? [tools.total(dys, y)] : dys;
    if (measured.has(y)) norms.set(y, normOf(given[0]!, y, progress));
    applyRule(gradientRules, call, given, tools);
    for (const id of idsRead(call)) {
      const gradient = gradients.get(id);
      if (measured.has(id) && gradient !== undefined) norms.set(id, normOf(gradient, id, progress));
    }
  }
  return { calls: progress.calls, gradients, norms };
}

/** Emits the norm of a complete gradient and returns its tensor. */
function normOf(gradient: number, of: number, { draft, calls }: Progress): number {
  const { name } = draft.tensor(of);
  const norm = draft.add(`norm:${name}`, 'small', [1]);
  calls.push({ kind: 'gradientNorm', node: name, in: numbered([gradient]), out: { norm }, update: {} });
  return norm;
}

/** The tools for the gradient rule of a node's call. */
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
