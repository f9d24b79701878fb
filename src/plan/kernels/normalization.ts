/** Normalization, and the affine map that a folded batch norm becomes. */

import type { Shape } from '../../graph/op.js';
import { alike, type Check, type Slots, type KernelTable } from './row.js';

export const normalizationKernels = {
  batchNorm: {
    phase: 'forward',
    scalars: [],
    overwrites: { y: ['addend'] },
    shapes: ({ in: { x, weight, bias, addend }, out, update }, check) => {
      const dims = check.dims('x', x);
      check.expect('y', out.y, dims);
      check.expect('addend', addend, dims);
      vectors(check, dims[1]!, { weight, bias, mean: out.mean, inverseDeviation: out.inverseDeviation, ...update });
    },
    gradient: ({ in: { x, weight, bias, addend }, out: { y, mean, inverseDeviation }, relu }, dys, backward) => {
      // The kernel can add two gradients itself; more of them are added by a sum before it.
      const [dy, dy2] = dys.length === 2 ? (dys as [number, number]) : [backward.total(dys, y)];
      const wanted = addend !== undefined && backward.needed(addend);
      const unchanged = !relu && dy2 === undefined;
      // Without an addend, x determines the ReLU's mask as well as y does, and the kernel reads x anyway.
      const mask = !relu ? {} : addend === undefined ? { bias } : { y };
      if (wanted && unchanged) backward.pass(addend, dy);
      backward.emit({
        kind: 'batchNormGradient',
        node: backward.node,
        in: { x, dy, ...(dy2 === undefined ? {} : { dy2 }), ...mask, weight, mean, inverseDeviation },
        out: {
          dx: backward.partial(x),
          dweight: backward.parameter(weight),
          dbias: backward.parameter(bias),
          ...(wanted && !unchanged ? { daddend: backward.partial(addend) } : {}),
        },
        update: {},
        relu,
      });
    },
  },

  batchNormGradient: {
    phase: 'backward',
    scalars: [],
    // daddend may already have overwritten dy or dy2 when the kernel writes dx.
    overwrites: { daddend: ['dy', 'dy2'], dx: ['dy', 'dy2', 'x', 'y'] },
    shapes: ({ in: { x, dy, dy2, y, bias, weight, mean, inverseDeviation }, out, relu }, check) => {
      const dims = check.dims('x', x);
      check.expect('dy', dy, dims);
      check.expect('dy2', dy2, dims);
      check.expect('y', y, dims);
      check.expect('dx', out.dx, dims);
      check.expect('daddend', out.daddend, dims);
      vectors(check, dims[1]!, { weight, mean, inverseDeviation, dweight: out.dweight, dbias: out.dbias });
      if (bias !== undefined) vectors(check, dims[1]!, { bias });
      if (!relu && (y ?? bias) !== undefined) check.refuse(`has ${y === undefined ? 'bias' : 'y'} but no ReLU`);
      if (relu && y === undefined && bias === undefined)
        check.refuse('has a ReLU but neither its y nor the bias before it');
      if (y !== undefined && bias !== undefined)
        check.refuse('has y and bias, of which one tells what the ReLU let through');
    },
  },

  channelAffine: {
    phase: 'inference',
    scalars: [],
    overwrites: { y: ['x', 'addend'] },
    shapes: ({ in: { x, scale, shift, addend }, out: { y } }, check) => {
      const dims = check.dims('x', x);
      check.expect('y', y, dims);
      check.expect('addend', addend, dims);
      vectors(check, dims[1]!, { scale, shift });
    },
  },

  layerNorm: {
    phase: 'forward',
    scalars: [],
    overwrites: { y: ['x'] },
    shapes: ({ in: { x, weight, bias }, out: { y, mean, inverseDeviation } }, check) => {
      const dims = check.dims('x', x);
      check.expect('y', y, dims);
      vectors(check, dims[1]!, { weight, bias });
      positions(check, dims, { mean, inverseDeviation });
    },
    gradient: ({ in: { x, weight, bias }, out: { y, mean, inverseDeviation } }, dys, backward) => {
      const dy = backward.total(dys, y);
      backward.emit({
        kind: 'layerNormGradient',
        node: backward.node,
        in: { x, dy, weight, mean, inverseDeviation },
        out: { dx: backward.partial(x), dweight: backward.parameter(weight), dbias: backward.parameter(bias) },
        update: {},
      });
    },
  },

  layerNormGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: { dx: ['dy', 'x'] },
    shapes: ({ in: { x, dy, weight, mean, inverseDeviation }, out: { dx, dweight, dbias } }, check) => {
      alike(check, { x, dy, dx });
      const dims = check.dims('x', x);
      vectors(check, dims[1]!, { weight, dweight, dbias });
      positions(check, dims, { mean, inverseDeviation });
    },
  },

  localResponseNorm: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y }, size }, check) => {
      check.expect('y', y, check.dims('x', x, 4));
      if (!(size >= 1)) check.refuse(`sums over ${size} channels`);
    },
    gradient: ({ in: { x }, out: { y }, size, alpha, beta, k }, dys, backward) => {
      const dy = backward.total(dys, y);
      backward.emit({
        kind: 'localResponseNormGradient',
        node: backward.node,
        in: { x, dy },
        out: { dx: backward.partial(x) },
        update: {},
        ...{ size, alpha, beta, k },
      });
    },
  },

  localResponseNormGradient: {
    phase: 'backward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x, dy }, out: { dx }, size }, check) => {
      check.dims('x', x, 4);
      alike(check, { x, dy, dx });
      if (!(size >= 1)) check.refuse(`sums over ${size} channels`);
    },
  },
} as const satisfies Partial<KernelTable>;

function vectors(check: Check, channels: number, ids: Slots): void {
  for (const [slot, id] of Object.entries(ids)) check.expect(slot, id, [channels]);
}

/** Checks tensors with one value for each position of each example. */
function positions(check: Check, [batch = 0, , ...size]: Shape, ids: Slots): void {
  for (const [slot, id] of Object.entries(ids)) check.expect(slot, id, [batch, size.reduce((a, b) => a * b, 1)]);
}
