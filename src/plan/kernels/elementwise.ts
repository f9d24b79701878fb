/** Kernels that work on each element by itself. */

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
  },
} as const satisfies Partial<KernelTable>;

/** PReLU's slopes and their gradient: one for each channel, or one for all; no other function has any. */
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
