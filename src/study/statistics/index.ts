export { compareAll, judgeAll, meanError, type CompareOptions, type Difference, type Outcome } from './compare.js';
export type { Interval, VarianceComponents } from './crossed.js';
export { customaryPower, detectableDifference, power, seedsFor, type Design } from './power.js';
export { summarize, type Summary } from './seeds.js';
export { falseAlarms, type Verdict } from './verdict.js';
