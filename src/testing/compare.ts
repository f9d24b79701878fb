/** Measures the difference between two tensors. */

/**
 * The largest difference relative to the largest expected magnitude: max|a − b| / max|b|. The maximum is over the whole
 * tensor, because a sum whose terms cancel is only as precise as its terms.
 * @param scale a lower bound for the reference magnitude, for expected values that cancel to (nearly) zero
 * @returns NaN if the lengths differ, or if one value is not finite and the other one differs
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
 * Returns one sentence per tensor of `expected` whose counterpart in `actual` is outside the tolerance; NaN always is.
 * Compare the result with `toEqual([])`, so that a failure lists the tensors that differ.
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
