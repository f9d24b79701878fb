/** How far two tensors are apart. */

/**
 * The largest difference relative to the largest expected magnitude: max|a − b| / max|b|. Taken over the whole tensor,
 * because a sum of terms that cancel is known only to the precision of its terms.
 * @param scale a magnitude to measure against instead, where the expected values cancel to (nearly) nothing
 * @returns NaN where either holds a value that is not finite and the other one differs, or where lengths differ
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, scale = 0): number {
  if (actual.length !== expected.length) return NaN;
  let difference = 0;
  let largest = scale;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const b = expected[i]!;
    if (Object.is(a, b)) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return NaN;
    difference = Math.max(difference, Math.abs(a - b));
  }
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  return difference === 0 ? 0 : difference / largest;
}

/**
 * A sentence for every tensor of `expected` from which `actual` is further off than the tolerance; NaN is further off
 * than any. Empty means that all agree: compare with `toEqual([])`, and a failure lists what differs.
 */
export function differences(
  actual: ReadonlyMap<string, ArrayLike<number>>,
  expected: ReadonlyMap<string, ArrayLike<number>>,
  tolerance: number,
  scale = 0,
): string[] {
  return [...expected]
    .map(([name, data]) => ({ name, error: relativeError(actual.get(name) ?? [], data, scale) }))
    .filter(({ error }) => !(error <= tolerance))
    .map(({ name, error }) => `${name} is off by ${error.toExponential(1)}`);
}
