/** Fully connected layers, and flattening. */

import type { Shape } from '../../graph/op.js';
import { equal, type Check, type KernelTable } from './row.js';

export const linearKernels = {
  linear: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x, weight, bias }, out: { y } }, check) => {
      const [, outFeatures = 0] = linear(check, check.dims('x', x, 2), check.dims('y', y, 2), weight);
      check.expect('bias', bias, [outFeatures]);
    },
    gradient: ({ in: { x, weight, bias }, out: { y } }, dys, backward) => {
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
  },

  linearDataGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { dy, weight }, out: { dx } }, check) => {
      linear(check, check.dims('dx', dx, 2), check.dims('dy', dy, 2), weight);
    },
  },

  linearWeightGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x, dy }, out: { dweight, dbias } }, check) => {
      const [, outFeatures = 0] = linear(check, check.dims('x', x, 2), check.dims('dy', dy, 2), dweight);
      check.expect('dbias', dbias, [outFeatures]);
    },
  },

  flatten: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y } }, check) => check.expect('y', y, flat(check.dims('x', x))),
    gradient: ({ in: { x }, out: { y } }, dys, backward) => {
      const dy = backward.total(dys, y);
      backward.emit({
        kind: 'unflatten',
        node: backward.node,
        in: { x: dy },
        out: { y: backward.partial(x) },
        update: {},
      });
    },
  },

  unflatten: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y } }, check) => check.expect('x', x, flat(check.dims('y', y))),
  },
} as const satisfies Partial<KernelTable>;

function linear(check: Check, x: Shape, y: Shape, weight: number): Shape {
  equal(check, 'the batch', y.slice(0, 1), x.slice(0, 1));
  check.expect('weight', weight, [y[1]!, x[1]!]);
  return y;
}

const flat = ([batch = 0, ...rest]: Shape): Shape => [batch, rest.reduce((a, b) => a * b, 1)];
