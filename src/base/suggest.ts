/** Did-you-mean hints for names that users type. */

import { sameMeaning } from './synonyms.js';

/** Edit distance with adjacent transpositions (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!;
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** Longer names are not typing errors, and comparing them would only cost time. */
const longestTyped = 64;

/** The valid names nearest to `typed`, best first; empty if none is near. Ignores case and treats `-` and `_` alike. */
export function nearest(typed: string, valid: Iterable<string>, most = 3): string[] {
  const normalize = (name: string) => name.toLowerCase().replaceAll('-', '_');
  const wanted = normalize(typed);
  if (wanted.length > longestTyped) return [];
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...valid]
    .map((name) => {
      const candidate = normalize(name);
      const prefix = wanted.length >= 3 && (candidate.startsWith(wanted) || wanted.startsWith(candidate));
      if (prefix) return { name, distance: 1 };
      // The distance is at least the difference in length.
      const least = Math.abs(candidate.length - wanted.length);
      return { name, distance: least > limit ? least : editDistance(wanted, candidate) };
    })
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

/** A hint for an unknown name: the valid names that mean the same, else the nearest ones, or else all of them. */
export function didYouMean(typed: string, valid: readonly string[]): string {
  const alike = valid.filter((name) => sameMeaning(typed, name));
  const near = alike.length > 0 ? alike : nearest(typed, valid);
  return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Valid are: ${valid.join(', ')}.`;
}
