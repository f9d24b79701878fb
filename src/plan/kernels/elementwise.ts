/** Elementwise kernels: activations, sums, gates, factors and dropout. */

import type { Shape } from '../../graph/op.js';
import { alike, type Check, type KernelTable } from './row.js';

export const elementwiseKernels = {
  activation: {
    phase: 'forward',
    scalars: [],
    overwrites: { y: ['x'] },
    shapes: ({ in: { x, weight }, out: { y }, function: { name } }, check) => {
      check.expect('y', y, check.dims('x', x));
      slopes(check, name === 'prelu', { weight }, check.dims('x', x)[1]!);
    },
    gradient: ({ in: { x, weight }, out: { y }, function: f }, dys, backward) => {
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
  },

  activationGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: { dx: ['saved'] },
    shapes: ({ in: { saved, dy, weight }, out: { dx, dweight }, function: { name } }, check) => {
      alike(check, { saved, dy, dx });
      slopes(check, name === 'prelu', { weight, dweight }, check.dims('saved', saved)[1]!);
    },
  },

  sum: {
    phase: 'forward',
    scalars: [],
    overwrites: { y: ['x0', 'x1', 'x2', 'x3'] },
    shapes: ({ in: terms, out: { y } }, check) => alike(check, { y, ...terms }),
    gradient: ({ in: terms, out: { y }, relu }, dys, backward) => {
      const dy = relu ? backward.throughRelu(dys, y) : backward.total(dys, y);
      for (const term of Object.values(terms)) backward.pass(term, dy);
    },
  },

  multiply: {
    phase: 'forward',
    scalars: [],
    overwrites: { y: ['x'] },
    shapes: ({ in: { x, gate }, out: { y } }, check) => {
      const dims = check.dims('x', x, 4);
      check.expect('y', y, dims);
      check.expect('gate', gate, [dims[0]!, dims[1]!, 1, 1]);
    },
    gradient: ({ in: { x, gate }, out: { y } }, dys, backward) => {
      const dy = backward.total(dys, y);
      backward.emit({
        kind: 'multiplyGradient',
        node: backward.node,
        in: { x, gate, dy },
        out: { dgate: backward.partial(gate), ...(backward.needed(x) ? { dx: backward.partial(x) } : {}) },
        update: {},
      });
    },
  },

  multiplyGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: { dx: ['dy', 'x'] },
    shapes: ({ in: { x, gate, dy }, out: { dgate, dx } }, check) => {
      const dims = check.dims('x', x, 4);
      check.expect('dy', dy, dims);
      check.expect('dx', dx, dims);
      check.expect('gate', gate, [dims[0]!, dims[1]!, 1, 1]);
      check.expect('dgate', dgate, [dims[0]!, dims[1]!, 1, 1]);
    },
  },

  scale: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x, weight }, out: { y }, per }, check) => {
      const dims = check.dims('x', x);
      check.expect('y', y, dims);
      check.expect('weight', weight, factors(dims, per));
    },
    gradient: ({ in: { x, weight }, out: { y }, per }, dys, backward) => {
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
  },

  scaleGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x, weight, dy }, out: { dweight, dx }, per }, check) => {
      const dims = check.dims('x', x);
      check.expect('dy', dy, dims);
      check.expect('dx', dx, dims);
      check.expect('weight', weight, factors(dims, per));
      check.expect('dweight', dweight, factors(dims, per));
    },
  },

  dropout: {
    phase: 'forward',
    scalars: ['step'],
    overwrites: {},
    shapes: ({ in: { x }, out: { y }, rate }, check) => {
      check.expect('y', y, check.dims('x', x));
      if (!(rate >= 0 && rate < 1)) check.refuse(`drops at a rate of ${rate} instead of one in [0, 1)`);
    },
    gradient: ({ in: { x }, out: { y }, rate, per, seed, stream }, dys, backward) => {
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
  },
} as const satisfies Partial<KernelTable>;

/** Checks PReLU's slopes and their gradient: one for each channel, or one for all. No other function has slopes. */
function slopes(
  check: Check,
  learned: boolean,
  ids: { readonly [slot: string]: number | undefined },
  channels: number,
) {
  for (const [slot, id] of Object.entries(ids)) {
    if (learned !== (id !== undefined)) check.refuse(learned ? `lacks ${slot}` : `takes no ${slot}`);
    if (id !== undefined) check.expect(slot, id, [check.dims(slot, id, 1)[0] === 1 ? 1 : channels]);
  }
}

const factors = ([, channels = 0, ...size]: Shape, per: 'channel' | 'element'): Shape =>
  per === 'channel' ? [channels] : [channels, ...size];
