/** Kernels that add, join, slice, shuffle, pad and reshape. */

import type {
  ChannelShuffleCall,
  ConcatCall,
  FlattenCall,
  PadChannelsCall,
  SliceChannelsCall,
  SumCall,
  UnflattenCall,
} from '../../plan/plan.js';
import { addInPlace, rectifyInPlace } from './elementwise.js';
import { type KernelFamily, numbered, planesOf, type Step, type Tensor } from './tensor.js';

function sum(call: SumCall, step: Step): void {
  const y = step.tensor(call.out.y).data.fill(0);
  for (const x of numbered(step, call.in)) addInPlace(y, x.data);
  if (call.relu) rectifyInPlace(y);
}

/** y[n, to + c, …] = x[n, from + c, …] for `count` channels. */
function copyChannels(x: Tensor, from: number, y: Tensor, to: number, count: number): void {
  const { batch, channels: xChannels, area } = planesOf(x);
  const { channels: yChannels } = planesOf(y);
  for (let n = 0; n < batch; n++) {
    const start = (n * xChannels + from) * area;
    y.data.set(x.data.subarray(start, start + count * area), (n * yChannels + to) * area);
  }
}

function concat(call: ConcatCall, step: Step): void {
  const y = step.tensor(call.out.y);
  let to = 0;
  for (const x of numbered(step, call.in)) {
    const { channels } = planesOf(x);
    copyChannels(x, 0, y, to, channels);
    to += channels;
  }
}

function sliceChannels(call: SliceChannelsCall, step: Step): void {
  const y = step.tensor(call.out.y);
  copyChannels(step.tensor(call.in.x), call.start, y, 0, planesOf(y).channels);
}

function channelShuffle(call: ChannelShuffleCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  const { channels } = planesOf(x);
  const width = channels / call.groups;
  for (let c = 0; c < channels; c++) {
    const [run, place] = [Math.floor(c / width), c % width];
    copyChannels(x, c, y, place * call.groups + run, 1);
  }
}

function padChannels(call: PadChannelsCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  y.data.fill(0);
  copyChannels(x, 0, y, call.before, planesOf(x).channels);
}

/** Flattens and unflattens: the elements keep their row-major order. */
function reshape(call: FlattenCall | UnflattenCall, step: Step): void {
  step.tensor(call.out.y).data.set(step.tensor(call.in.x).data);
}

export const structureKernels = {
  sum,
  concat,
  sliceChannels,
  channelShuffle,
  padChannels,
  flatten: reshape,
  unflatten: reshape,
} satisfies KernelFamily;
