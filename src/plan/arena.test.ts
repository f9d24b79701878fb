import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { placeInArena } from './arena.js';
import { type Lifetime, peakBytes } from './lifetimes.js';
import { cpuTime } from '../testing/cpu-time.js';

function randomTensors(count: number, seed: number): { sizes: number[]; spans: Lifetime[] } {
  const stream = randomStream(seed);
  const sizes = Array.from({ length: count }, () => stream.below(5) * stream.below(1000));
  const spans = Array.from({ length: count }, () => {
    const first = stream.below(count);
    return { first, last: first + stream.below(1 + stream.below(count)) };
  });
  return { sizes, spans };
}

describe('placeInArena', () => {
  it('never lets tensors overlap that live at the same time', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { sizes, spans } = randomTensors(60, seed);
      const { offsets, bytes } = placeInArena(sizes, spans);
      sizes.forEach((size, i) => {
        expect(offsets[i]! % 64).toBe(0);
        expect(offsets[i]! + size).toBeLessThanOrEqual(bytes);
        for (let j = 0; j < i; j++) {
          const apartInTime = spans[i]!.last < spans[j]!.first || spans[j]!.last < spans[i]!.first;
          const apartInSpace = offsets[i]! + size <= offsets[j]! || offsets[j]! + sizes[j]! <= offsets[i]!;
          expect(apartInTime || apartInSpace).toBe(true);
        }
      });
    }
  });

  it('comes within a quarter of the bytes that live at once, even for random lifetimes', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { sizes, spans } = randomTensors(100, seed);
      const aligned = sizes.map((size) => Math.ceil(size / 64) * 64);
      expect(placeInArena(sizes, spans).bytes).toBeLessThanOrEqual(1.25 * peakBytes(aligned, spans));
    }
  });

  it('lets tensors share memory that follow each other, but not those that meet in one call', () => {
    const follow = placeInArena([64, 64], [{ first: 0, last: 1 }, { first: 2, last: 3 }]); // prettier-ignore
    expect(follow).toEqual({ offsets: [0, 0], bytes: 64 });
    const meet = placeInArena([64, 64], [{ first: 0, last: 2 }, { first: 2, last: 3 }]); // prettier-ignore
    expect(meet.bytes).toBe(128);
  });

  it('puts a tensor where the one lay whose place it takes over, and keeps that place free in between', () => {
    const spans = [{ first: 0, last: 2 }, { first: 2, last: 4 }, { first: 4, last: 5 }, { first: 1, last: 4 }]; // prettier-ignore
    const chain = new Map([[1, 0], [2, 1]]); // prettier-ignore
    const { offsets, bytes } = placeInArena([64, 128, 64, 64], spans, { takeovers: chain });
    expect(offsets[1]).toBe(offsets[0]);
    expect(offsets[2]).toBe(offsets[0]);
    expect(bytes).toBe(192);
  });

  it('aligns as asked', () => {
    const spans = Array.from({ length: 3 }, () => ({ first: 0, last: 0 }));
    expect(placeInArena([10, 10, 10], spans, { alignment: 4096 }).bytes).toBe(3 * 4096);
    expect(placeInArena([], []).bytes).toBe(0);
  });

  it('places two thousand tensors in well under a second', () => {
    const { sizes, spans } = randomTensors(2000, 1);
    const start = cpuTime();
    placeInArena(sizes, spans);
    expect(cpuTime() - start).toBeLessThan(1000);
  });
});
