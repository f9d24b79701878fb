/** Kernels that join, select, shuffle and pad channels. */

import type { Shape } from '../../graph/op.js';
import type { KernelTable } from './row.js';

export const channelKernels = {
  concat: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: terms, out: { y } }, check) => {
      const dims = check.dims('y', y);
      let channels = 0;
      for (const [slot, id] of Object.entries(terms)) {
        const own = check.dims(slot, id, dims.length)[1]!;
        check.expect(slot, id, withChannels(dims, own));
        channels += own;
      }
      check.expect('y', y, withChannels(dims, channels));
    },
    gradient: ({ in: terms, out: { y } }, dys, backward) => {
      const dy = backward.total(dys, y);
      let start = 0;
      for (const term of Object.values(terms)) {
        backward.slice(term, dy, start);
        start += backward.channels(term);
      }
    },
  },

  sliceChannels: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y }, start }, check) => {
      const dims = check.dims('x', x);
      const channels = check.dims('y', y, dims.length)[1]!;
      check.expect('y', y, withChannels(dims, channels));
      if (!(start >= 0 && start + channels <= dims[1]!)) {
        check.refuse(`takes channels ${start} … ${start + channels - 1} of ${dims[1]}`);
      }
    },
    gradient: ({ in: { x }, out: { y }, start }, dys, backward) => {
      const { node } = backward;
      const dy = backward.total(dys, y);
      backward.emit({
        kind: 'padChannels',
        node,
        in: { x: dy },
        out: { y: backward.partial(x) },
        update: {},
        before: start,
      });
    },
  },

  channelShuffle: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y }, groups }, check) => {
      const dims = check.dims('x', x, 4);
      check.expect('y', y, dims);
      if (!(groups >= 1 && dims[1]! % groups === 0)) check.refuse(`shuffles ${dims[1]} channels in ${groups} groups`);
    },
    gradient: ({ in: { x }, out: { y }, groups }, dys, backward) => {
      const dy = backward.total(dys, y);
      backward.emit({
        kind: 'channelShuffle',
        node: backward.node,
        in: { x: dy },
        out: { y: backward.partial(x) },
        update: {},
        // The inverse shuffle has as many groups as each group had channels.
        groups: backward.channels(x) / groups,
      });
    },
  },

  padChannels: {
    phase: 'forward',
    scalars: [],
    overwrites: {},
    shapes: ({ in: { x }, out: { y }, before }, check) => {
      const dims = check.dims('y', y);
      const channels = check.dims('x', x, dims.length)[1]!;
      check.expect('x', x, withChannels(dims, channels));
      if (!(before >= 0 && before + channels <= dims[1]!)) {
        check.refuse(`puts ${channels} channels behind ${before} into ${dims[1]}`);
      }
    },
    gradient: ({ in: { x }, out: { y }, before }, dys, backward) => {
      backward.slice(x, backward.total(dys, y), before);
    },
  },
} as const satisfies Partial<KernelTable>;

const withChannels = ([batch = 0, , ...rest]: Shape, channels: number): Shape => [batch, channels, ...rest];
