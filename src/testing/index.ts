export { testWeights } from './weights.js';
export { relativeError } from './compare.js';
export { constant, filled, integers, normal, rectified, uniform, type Fill } from './values.js';
