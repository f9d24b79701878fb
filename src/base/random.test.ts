import { describe, expect, it } from 'vitest';

import { hashText, permutation, philox, randomStream } from './random.js';

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

describe('philox', () => {
  // Known answers for philox4x32 with 10 rounds from the authors' library, Random123 (Salmon et al. 2011).
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as const)('gives the known words for counter %j and key %j', (counter, key, words) => {
    expect(hex(philox(counter, key))).toBe(words);
  });
});

describe('a random stream', () => {
  it('is a function of its seed and words', () => {
    const draw = (...words: [number, number?, number?, number?]) => {
      const stream = randomStream(...words);
      return Array.from({ length: 9 }, () => stream.word());
    };
    expect(draw(1, 2, 3, 4)).toEqual(draw(1, 2, 3, 4));
    for (const other of [draw(2, 2, 3, 4), draw(1, 3, 3, 4), draw(1, 2, 4, 4), draw(1, 2, 3, 5)]) {
      expect(other).not.toEqual(draw(1, 2, 3, 4));
    }
  });

  it('draws each block of four words from the last to the first', () => {
    const stream = randomStream(7, 1, 2, 3);
    const blocks = [0, 1].map((block) => philox([block, 1, 2, 3], [7, 0x52656374]).reverse());
    expect(Array.from({ length: 8 }, () => stream.word())).toEqual(blocks.flat());
  });

  it('gives uniform and normal numbers with the correct moments', () => {
    const stream = randomStream(11);
    const count = 100_000;
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const uniform = Array.from({ length: count }, stream.uniform);
    const normal = Array.from({ length: count }, stream.normal);
    // Five standard errors: 5·√(1/12/count), 5/√count, 5·√(2/count).
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.0046);
    expect(Math.abs(mean(normal))).toBeLessThan(0.0159);
    expect(Math.abs(mean(normal.map((value) => value * value)) - 1)).toBeLessThan(0.0224);
    expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('draws every integer below the bound, and no other', () => {
    const stream = randomStream(3);
    const seen = new Set(Array.from({ length: 1000 }, () => stream.below(7)));
    expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('permutation', () => {
  it('contains every number once, in an order that depends on the stream', () => {
    const order = permutation(1000, randomStream(5));
    expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(order).toEqual(permutation(1000, randomStream(5)));
    expect(order).not.toEqual(permutation(1000, randomStream(6)));
  });
});

describe('hashText', () => {
  // Published FNV-1a test values.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j is its FNV-1a', (text, hash) => {
    expect(hashText(text)).toBe(hash);
  });
});
