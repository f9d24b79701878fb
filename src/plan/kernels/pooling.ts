/** Pooling and its gradients. */

import type { Pair, Shape } from '../../graph/op.js';
import type { Window } from '../plan.js';
import { equal, type Check, type KernelTable } from './row.js';

export const poolingKernels = {
  maxPool: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y, index }, window }, check) => {
      pooling(check, window, check.dims('x', x, 4), check.dims('y', y, 4));
      check.expect('index', index, check.dims('y', y));
      if (window.kernel[0] * window.kernel[1] > 256) check.refuse('has windows of more than 256 elements');
    },
    gradient: ({ in: { x }, out: { y, index }, window }, dys, backward) => {
      const dy = backward.total(dys, y);
      const dx = backward.partial(x);
      const { node } = backward;
      backward.emit({ kind: 'maxPoolGradient', node, in: { dy, index: index! }, out: { dx }, update: {}, window });
    },
  },

  maxPoolGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { dy, index }, out: { dx }, window }, check) => {
      pooling(check, window, check.dims('dx', dx, 4), check.dims('dy', dy, 4));
      check.expect('index', index, check.dims('dy', dy));
    },
  },

  averagePool: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y }, window }, check) =>
      pooling(check, window, check.dims('x', x, 4), check.dims('y', y, 4)),
    gradient: ({ in: { x }, out: { y }, window, countPadding }, dys, backward) => {
      const dy = backward.total(dys, y);
      const dx = backward.partial(x);
      const { node } = backward;
      backward.emit({ kind: 'averagePoolGradient', node, in: { dy }, out: { dx }, update: {}, window, countPadding });
    },
  },

  averagePoolGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { dy }, out: { dx }, window }, check) =>
      pooling(check, window, check.dims('dx', dx, 4), check.dims('dy', dy, 4)),
  },

  globalAveragePool: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y } }, check) => {
      const [batch, channels] = check.dims('x', x, 4);
      check.expect('y', y, [batch!, channels!, 1, 1]);
    },
    gradient: ({ in: { x }, out: { y } }, dys, backward) => {
      const dy = backward.total(dys, y);
      const dx = backward.partial(x);
      backward.emit({ kind: 'globalAveragePoolGradient', node: backward.node, in: { dy }, out: { dx }, update: {} });
    },
  },

  globalAveragePoolGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { dy }, out: { dx } }, check) => {
      const [batch, channels] = check.dims('dx', dx, 4);
      check.expect('dy', dy, [batch!, channels!, 1, 1]);
    },
  },

  adaptiveAveragePool: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y } }, check) =>
      equal(check, 'batch and channels', check.dims('y', y, 4).slice(0, 2), check.dims('x', x, 4).slice(0, 2)),
    gradient: ({ in: { x }, out: { y } }, dys, backward) => {
      const dy = backward.total(dys, y);
      const dx = backward.partial(x);
      backward.emit({ kind: 'adaptiveAveragePoolGradient', node: backward.node, in: { dy }, out: { dx }, update: {} });
    },
  },

  adaptiveAveragePoolGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { dy }, out: { dx } }, check) =>
      equal(check, 'batch and channels', check.dims('dy', dy, 4).slice(0, 2), check.dims('dx', dx, 4).slice(0, 2)),
  },
} as const satisfies Partial<KernelTable>;

/** An output size may be rounded down or up, as long as the last window does not start in the padding at the end. */
function pooling(check: Check, { kernel, stride, padding }: Window, x: Shape, y: Shape): void {
  equal(check, 'batch and channels', y.slice(0, 2), x.slice(0, 2));
  for (const axis of [0, 1] as const satisfies Pair) {
    const [length, windows] = [x[axis + 2]!, y[axis + 2]!];
    const steps = (length + 2 * padding[axis] - kernel[axis]) / stride[axis];
    const fits = windows === Math.floor(steps) + 1 || windows === Math.ceil(steps) + 1;
    if (!fits || (windows - 1) * stride[axis] >= length + padding[axis]) {
      check.refuse(`slides ${windows} windows along ${length} elements`);
    }
  }
}
