/** Medians, and how sure they are. */

/** @throws Error if there are no values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('There is no median of nothing.');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The narrowest pair of values, equally far from both ends, that holds the true median with at least `level`: values lie
 * below it or above it like tosses of a coin (David and Nagaraja 2003, section 7.1). Null if there are too few; 95 % needs
 * six.
 */
export function medianInterval(
  values: readonly number[],
  level = 0.95,
): { readonly low: number; readonly high: number } | null {
  const n = values.length;
  // By logarithms: 2⁻ⁿ itself is 0 from 1,075 values on.
  let logProbability = -n * Math.LN2;
  let below = 0;
  let cut = -1;
  for (let k = 0; k < n / 2; k++) {
    below += Math.exp(logProbability);
    if (below > (1 - level) / 2) break;
    cut = k;
    logProbability += Math.log((n - k) / (k + 1));
  }
  if (cut === -1) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return { low: sorted[cut]!, high: sorted[n - 1 - cut]! };
}
