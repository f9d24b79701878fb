/** Fewer points for the same picture. */

/** Places of points that are kept: ascending, the first and the last among them. */
export type Places = readonly number[];

/**
 * At most `most` of the points of a curve: of each of `most / 2` parts of equal length the lowest and the highest, so that
 * spikes stay. What is no number counts as neither.
 */
export function downsample(y: ArrayLike<number>, most: number): Places {
  const { length } = y;
  if (length <= most) return Array.from({ length }, (_, index) => index);
  const kept = new Set([0, length - 1]);
  const parts = Math.floor((most - 2) / 2);
  for (let part = 0; part < parts; part++) {
    const end = Math.floor(((part + 1) * length) / parts);
    let low = Math.floor((part * length) / parts);
    let high = low;
    for (let index = low; index < end; index++) {
      if (!(y[index]! >= y[low]!)) low = index;
      if (!(y[index]! <= y[high]!)) high = index;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}
