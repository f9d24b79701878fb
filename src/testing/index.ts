export { testWeights } from './weights.js';
export { differences, relativeError } from './compare.js';
export { constant, filled, integers, normal, rectified, uniform, type Fill } from './values.js';
