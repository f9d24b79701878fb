export { compareAll, judgeAll, meanError, type CompareOptions, type Difference, type Outcome } from './compare.js';
export { meanInterval, type Interval, type VarianceComponents } from './crossed.js';
export { customaryPower, detectableDifference, power, seedsFor, type Design } from './power.js';
export { holm, summarize, welch, type MeanDifference, type Summary } from './seeds.js';
export { falseAlarms, type Verdict } from './verdict.js';
