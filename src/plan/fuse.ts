/**
 * Fewer passes over memory: additions move into the batch norm or convolution before them, ReLUs into what makes
 * their input. Works on forward calls, before differentiation, so that gradients come out fused as well.
 */

import { idsRead } from './kernels.js';
import type { BatchNormCall, ChannelAffineCall, ConvolutionCall, KernelCall, KernelKind, SumCall } from './plan.js';

type TakesAddend = BatchNormCall | ChannelAffineCall | ConvolutionCall;
type TakesRelu = TakesAddend | SumCall;

/** Calls that can add a second tensor before their ReLU; the higher rank is preferred. Batch norm's gradient masks
 * and accumulates in its own pass, a convolution's does not. */
const addendRank: { readonly [K in KernelKind]?: number } = { batchNorm: 2, channelAffine: 1, convolution: 1 };

function takesAddend(call: KernelCall | undefined): call is TakesAddend {
  return call !== undefined && call.kind in addendRank && !('addend' in call.in) && !(call as TakesAddend).relu;
}

function takesRelu(call: KernelCall | undefined): call is TakesRelu {
  return call !== undefined && (call.kind in addendRank || call.kind === 'sum') && !(call as TakesRelu).relu;
}

/**
 * The fused calls, in a legal order. A value is fused away only where a single call reads it.
 * @param outputs ids that must stay because the plan gives them back
 */
export function fuse(calls: readonly KernelCall[], outputs: readonly number[]): KernelCall[] {
  const uses = new Map<number, number>();
  for (const id of [...calls.flatMap(idsRead), ...outputs]) uses.set(id, (uses.get(id) ?? 0) + 1);

  const result: (KernelCall | undefined)[] = [...calls];
  /** Which entry of `result` makes a value. */
  const maker = new Map<number, number>();
  calls.forEach((call, index) => {
    for (const id of Object.values(call.out as { [slot: string]: number })) maker.set(id, index);
  });

  /** Entries that make one of `ids` for a single reader. */
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
    // The fused call takes the sum's place: only there are both terms sure to exist.
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
