import { describe, expect, it } from 'vitest';
import { keptSites } from './allot.js';
import type { Chain } from './chains.js';
import { defaultPattern } from './ratio.js';

/** Chains of the given places and lengths, with sites such as `1.0`, the first site of chain 1. */
const chainsOf = (...chains: readonly (readonly [place: number, length: number])[]): Chain[] =>
  chains.map(([place, length], chain) => ({
    place,
    sites: Array.from({ length }, (_, index) => `${chain}.${index}`),
  }));

/** Which sites of each chain the pattern keeps. */
const allotted = (chains: readonly Chain[], pattern: string) => {
  const kept = new Set(keptSites(chains, pattern));
  return chains.map(({ sites }) => sites.map((site) => (kept.has(site) ? '1' : '0')).join(''));
};

const ones = (text: string) => text.replaceAll('0', '').length;

/** A stream of whole numbers from 0 to below the limit, the same at every run (Park and Miller 1988). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

describe('a single chain', () => {
  it.each([
    ['01', '0101010'],
    ['0111', '0111011'],
    ['1100', '1100110'],
  ])('follows the pattern %s from its start', (pattern, kept) => {
    expect(allotted(chainsOf([0, 7]), pattern)).toEqual([kept]);
  });
});

describe('parallel chains', () => {
  it('follow the pattern from their own places if that gives the amount', () => {
    expect(allotted(chainsOf([0, 2], [0, 2], [2, 3], [2, 3]), '001')).toEqual(['00', '01', '100', '100']);
    expect(allotted(chainsOf([0, 2], [0, 2], [2, 4], [2, 4]), '01')).toEqual(['01', '01', '0101', '0101']);
    expect(allotted(chainsOf([0, 2], [0, 2], [2, 4], [2, 4]), '10')).toEqual(['10', '10', '1010', '1010']);
  });

  it('of one site take turns', () => {
    expect(allotted(chainsOf([0, 1], [0, 1], [0, 1], [0, 1]), '01')).toEqual(['0', '1', '0', '1']);
    expect(allotted(chainsOf([0, 1], [0, 1], [0, 1], [0, 1]), '10')).toEqual(['1', '0', '1', '0']);
  });

  it('take their turns from the start to the end, and the longest before those beside it', () => {
    expect(allotted(chainsOf([0, 1], [0, 3], [0, 1]), '01')).toEqual(['1', '010', '0']);
    expect(allotted(chainsOf([3, 1], [0, 3], [0, 1], [3, 1]), '01')).toEqual(['1', '010', '1', '0']);
  });
});

describe('any chains and any pattern', () => {
  const next = numbers(20);
  const cases = Array.from({ length: 2000 }, () => {
    const length = 1 + next(9);
    const bits = Array.from({ length }, () => next(2)).join('');
    const random = bits.includes('1') ? bits : `1${bits.slice(1)}`;
    const even = defaultPattern({ convolutions: length, activations: 1 + next(length) });
    const chains = chainsOf(...Array.from({ length: 2 + next(8) }, () => [next(12), 1 + next(12)] as const));
    return { chains, random, even };
  });
  const share = (sites: number, pattern: string) => (sites * ones(pattern)) / pattern.length;
  const rounded = (amount: number) => [Math.floor(amount + 1e-9), Math.ceil(amount - 1e-9)];

  it('keep M of N sites, rounded up or down', () => {
    for (const { chains, random, even } of cases) {
      const sites = chains.reduce((sum, chain) => sum + chain.sites.length, 0);
      for (const pattern of [random, even]) {
        expect(rounded(share(sites, pattern))).toContain(keptSites(chains, pattern).length);
      }
    }
  });

  it('follow the pattern within each chain', () => {
    for (const { chains, random, even } of cases) {
      for (const pattern of [random, even]) {
        for (const kept of allotted(chains, pattern)) expect(pattern.repeat(1 + kept.length)).toContain(kept);
      }
    }
  });

  it('give each chain its own share, rounded up or down, if the pattern is evenly spread', () => {
    for (const { chains, even } of cases) {
      for (const kept of allotted(chains, even)) expect(rounded(share(kept.length, even))).toContain(ones(kept));
    }
  });
});
