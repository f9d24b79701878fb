/** The loss, the gradients' norm, and the updates of persistent tensors. */

import { alike, type KernelTable } from './row.js';

export const updateKernels = {
  softmaxCrossEntropy: {
    phase: 'loss',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { logits, targets }, out: { losses, correct, dlogits } }, check) => {
      const dims = check.dims('logits', logits, 2);
      check.expect('targets', targets, dims);
      check.expect('dlogits', dlogits, dims);
      check.expect('losses', losses, [dims[0]!]);
      check.expect('correct', correct, [dims[0]!]);
    },
  },

  gradientNorm: {
    phase: 'update',
    scalars: [],
    overwrites: {},
    shapes: ({ out: { norm } }, check) => check.expect('norm', norm, [1]),
  },

  sgd: {
    phase: 'update',
    scalars: ['learningRate'],
    overwrites: {},
    shapes: ({ in: { gradient, norm }, update: { parameter, velocity } }, check) => {
      alike(check, { parameter, gradient, ...(velocity === undefined ? {} : { velocity }) });
      check.expect('norm', norm, [1]);
    },
  },

  adamw: {
    phase: 'update',
    scalars: ['learningRate', 'step'],
    overwrites: {},
    shapes: ({ in: { gradient, norm }, update: { parameter, firstMoment, secondMoment } }, check) => {
      alike(check, { parameter, gradient, firstMoment, secondMoment });
      check.expect('norm', norm, [1]);
    },
  },

  movingAverage: {
    phase: 'update',
    scalars: ['averageDecay'],
    overwrites: {},
    shapes: ({ in: { x }, update: { average } }, check) => alike(check, { x, average }),
  },
} as const satisfies Partial<KernelTable>;
