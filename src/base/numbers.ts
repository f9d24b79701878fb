/** Formats numbers for people. */

/** Groups digits by three: 272,474. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 epoch`, `2 epochs`, `1,000 epochs`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Abbreviates a large number, with an optional unit: 40.8 M, 1.21 G, 393 kB. */
export function formatLarge(value: number, unit = ''): string {
  const scales = [
    { scale: 1e9, prefix: 'G' },
    { scale: 1e6, prefix: 'M' },
    { scale: 1e3, prefix: 'k' },
  ];
  const { scale, prefix } = scales.find((candidate) => value >= candidate.scale) ?? { scale: 1, prefix: '' };
  const scaled = value / scale;
  const digits = scale === 1 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${prefix}${unit}`.trimEnd();
}
