/** Convolutions and their gradients. */

import type { Shape } from '../../graph/op.js';
import type { ConvolutionWindow } from '../plan.js';
import { equal, type Check, type KernelTable } from './row.js';

export const convolutionKernels = {
  convolution: {
    phase: 'forward',
    scalars: [],
    overwrites: { y: ['addend'] },
    shapes: ({ in: { x, weight, bias, addend }, out: { y }, window }, check) => {
      const dims = check.dims('y', y, 4);
      convolution(check, window, check.dims('x', x, 4), check.dims('weight', weight, 4), dims);
      check.expect('bias', bias, [dims[1]!]);
      check.expect('addend', addend, dims);
    },
    gradient: ({ in: { x, weight, bias, addend }, out: { y }, window, relu }, dys, backward) => {
      const { node } = backward;
      const dy = relu ? backward.throughRelu(dys, y) : backward.total(dys, y);
      if (addend !== undefined) backward.pass(addend, dy);
      // The weights' gradient comes first, so that x's lifetime ends before dx's starts.
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
  },

  convolutionDataGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { dy, weight }, out: { dx }, window }, check) =>
      convolution(check, window, check.dims('dx', dx, 4), check.dims('weight', weight, 4), check.dims('dy', dy, 4)),
  },

  convolutionWeightGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x, dy }, out: { dweight, dbias }, window }, check) => {
      const dims = check.dims('dy', dy, 4);
      convolution(check, window, check.dims('x', x, 4), check.dims('dweight', dweight, 4), dims);
      check.expect('dbias', dbias, [dims[1]!]);
    },
  },
} as const satisfies Partial<KernelTable>;

function convolution(check: Check, window: ConvolutionWindow, x: Shape, weight: Shape, y: Shape): void {
  const { kernel, stride, padding, dilation, groups } = window;
  const [batch = 0, channels = 0, ...size] = x;
  const outChannels = y[1]!;
  if (channels % groups !== 0 || outChannels % groups !== 0) {
    check.refuse(`divides ${channels} → ${outChannels} channels into ${groups} groups`);
  }
  equal(check, 'the weight', weight, [outChannels, channels / groups, ...kernel]);
  const slid = size.map((length, axis) => {
    const reach = dilation[axis]! * (kernel[axis]! - 1) + 1;
    return Math.floor((length + 2 * padding[axis]! - reach) / stride[axis]!) + 1;
  });
  equal(check, 'the output', y, [batch, outChannels, ...slid]);
}
