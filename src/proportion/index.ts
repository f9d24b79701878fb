/** The paper's idea: a network's activations in a chosen proportion to its convolutions. */

export * from './apply.js';
export { defaultPattern, parseRatio, patternRatio, printRatio, reduceRatio, type Ratio } from './ratio.js';
export { findSites, type Site } from './sites.js';
