/** The main idea of Zhao et al. (2017): a network's activations in a chosen proportion to its convolutions. */

export * from './apply.js';
export { nativeRatio, proportionByBlock, type BlockProportion } from './blocks.js';
export { parseShares, printShare, type Share } from './notation.js';
export { defaultPattern, parseRatio, patternRatio, printRatio, reduceRatio, type Ratio } from './ratio.js';
export { scopes, type Scope } from './segments.js';
export { findSites, findUnits, type Part, type Site, type Unit } from './sites.js';
export { stageNames } from './stages.js';
