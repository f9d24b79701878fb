/** Giving away what a run has made: weights that other tools read. */

export { exportSafetensors, type Exported } from './safetensors.js';
export { readRunWeights, type RunWeights } from './run-weights.js';
