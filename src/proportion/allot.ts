/** Allots a pattern to the chains of a segment. */

import type { Chain } from './chains.js';

/**
 * The sites of a segment that a pattern of N characters with M ones keeps.
 *
 * A single chain follows the pattern from its start. Several chains together keep exactly M of N sites, rounded up or down.
 * They take turns from the segment's start to its end; of those that begin at the same place, the longest is first. Each chain
 * follows the pattern from its own place. If the sites kept so far would then differ from their share by one or more, the chain
 * starts later in the pattern, by as few characters as possible.
 *
 * Such a start always exists. Over all starts, a chain of L sites keeps L·M/N on average, and neighboring starts differ by at
 * most one. Hence some start keeps ⌊L·M/N⌋ and some ⌈L·M/N⌉, and one of the two keeps the sum within its bounds. An evenly
 * spread pattern has no other counts: every chain keeps its own share, rounded up or down.
 */
export function keptSites(chains: readonly Chain[], pattern: string): readonly string[] {
  const onesBefore = countOnes(pattern);
  const period = pattern.length;
  const ones = onesBefore(period);
  let passed = 0;
  let kept = 0;
  return inTurn(chains).flatMap(({ sites, place }) => {
    passed += sites.length;
    const keptFrom = (start: number) => onesBefore(start + sites.length) - onesBefore(start);
    const fits = (start: number) =>
      chains.length === 1 || Math.abs((kept + keptFrom(start)) * period - passed * ones) < period;
    let start = place;
    while (!fits(start)) start++;
    kept += keptFrom(start);
    return sites.filter((_, index) => pattern[(start + index) % period] === '1');
  });
}

/** By place; at the same place, long chains first. Sorting is stable, so equal chains stay in forward order. */
const inTurn = (chains: readonly Chain[]): readonly Chain[] =>
  [...chains].sort((a, b) => a.place - b.place || b.sites.length - a.sites.length);

/** A function that counts the ones among the first characters of the repeated pattern. */
function countOnes(pattern: string): (characters: number) => number {
  const counts = [0];
  for (const character of pattern) counts.push(counts.at(-1)! + Number(character));
  return (characters) =>
    Math.floor(characters / pattern.length) * counts.at(-1)! + counts[characters % pattern.length]!;
}
