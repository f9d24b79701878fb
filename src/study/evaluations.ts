/** An arm's errors by epoch over its seeds: what learning curves show. */

export interface EpochRange {
  /** From 1. */
  readonly epoch: number;
  /** Over seeds, in percent. */
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/** One run's error after one epoch, in percent. */
export interface Evaluation {
  readonly epoch: number;
  readonly error: number;
}

/** Mean and range of the errors after each epoch, by epoch. */
export function rangeByEpoch(evaluations: Iterable<Evaluation>): EpochRange[] {
  const byEpoch = new Map<number, number[]>();
  for (const { epoch, error } of evaluations) byEpoch.set(epoch, [...(byEpoch.get(epoch) ?? []), error]);
  return [...byEpoch]
    .sort(([a], [b]) => a - b)
    .map(([epoch, errors]) => ({
      epoch,
      low: Math.min(...errors),
      mean: errors.reduce((a, b) => a + b, 0) / errors.length,
      high: Math.max(...errors),
    }));
}
