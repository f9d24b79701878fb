/** From settings to something that can train: network, data, engine, initial weights. */

export { initialWeights } from './initial-weights.js';
export { openNetwork, type OpenNetwork } from './network.js';
export {
  prepareTraining,
  type EngineChoice,
  type Opening,
  type Prepared,
  type StoredNetwork,
} from './prepare-training.js';
export { checkWeightsFile, loadWeights, type Publication, type WeightsOptions } from './weights.js';
