/**
 * Fuses calls to save passes over memory: an addition moves into the batch norm or convolution before it, a ReLU into the
 * call that computes its input. Works on forward calls, before differentiation, so that gradients are fused as well.
 */

import { idsRead } from './kernels.js';
import type { BatchNormCall, ChannelAffineCall, ConvolutionCall, KernelCall, KernelKind, SumCall } from './plan.js';

type TakesAddend = BatchNormCall | ChannelAffineCall | ConvolutionCall;
type TakesRelu = TakesAddend | SumCall;

/**
 * Calls that can add a second tensor before their ReLU; the highest rank is preferred. Batch norm's gradient applies the
 * ReLU's mask and sums gradients in its own pass, a convolution's gradient does not.
 */
const addendRank: { readonly [K in KernelKind]?: number } = { batchNorm: 2, channelAffine: 1, convolution: 1 };

function takesAddend(call: KernelCall | undefined): call is TakesAddend {
  return call !== undefined && call.kind in addendRank && !('addend' in call.in) && !(call as TakesAddend).relu;
}

function takesRelu(call: KernelCall | undefined): call is TakesRelu {
  return call !== undefined && (call.kind in addendRank || call.kind === 'sum') && !(call as TakesRelu).relu;
}

/**
 * The fused calls, in a legal order. A value is fused away only if a single call reads it.
 * @param outputs ids that must stay because they are outputs of the plan
 */
export function fuse(calls: readonly KernelCall[], outputs: readonly number[]): KernelCall[] {
  const uses = new Map<number, number>();
  for (const id of [...calls.flatMap(idsRead), ...outputs]) uses.set(id, (uses.get(id) ?? 0) + 1);

  const result: (KernelCall | undefined)[] = [...calls];
  /** Tensor → index in `result` of the call that computes it. */
  const maker = new Map<number, number>();
  calls.forEach((call, index) => {
    for (const id of Object.values(call.out as { [slot: string]: number })) maker.set(id, index);
  });

  /** Indices of the calls that compute one of `ids`, if it has a single reader. */
  const soleMakers = (ids: readonly number[]): number[] =>
    ids.filter((id) => uses.get(id) === 1).flatMap((id) => maker.get(id) ?? []);

  calls.forEach((sum, at) => {
    if (sum.kind !== 'sum') return;
    const terms = Object.values(sum.in);
    if (terms.length !== 2) return;
    const [best] = soleMakers(terms)
      .filter((index) => takesAddend(result[index]))
      .sort((a, b) => addendRank[result[b]!.kind]! - addendRank[result[a]!.kind]! || b - a);
    if (best === undefined) return;
    const call = result[best] as TakesAddend;
    const addend = terms.find((id) => id !== call.out.y)!;
    // The fused call takes the sum's place: both terms are computed by then.
    result[at] = { ...call, in: { ...call.in, addend }, out: { ...call.out, y: sum.out.y } } as KernelCall;
    result[best] = undefined;
  });

  calls.forEach((activation, at) => {
    if (activation.kind !== 'activation' || activation.function.name !== 'relu') return;
    const [index] = soleMakers([activation.in.x]);
    const call = index === undefined ? undefined : result[index];
    if (index === undefined || !takesRelu(call)) return;
    result[index] = { ...call, relu: true, out: { ...call.out, y: activation.out.y } } as KernelCall;
    result[at] = undefined;
  });

  return result.filter((call) => call !== undefined);
}
