/** Counting: convolutions, activations, parameters, multiply-adds and memory. */

export { countLayer, type LayerCounts } from './counts.js';
export { inspectGraph, type Inspection, type LayerInspection } from './inspect.js';
