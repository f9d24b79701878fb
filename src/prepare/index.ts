/** From settings to something that can train: network, data, engine, initial weights. */

export { inspectGradients, type InspectGradientsSettings } from './inspect-gradients.js';
export { openNetwork, type OpenNetwork } from './network.js';
export {
  openTraining,
  openTrainingData,
  type ResumeSettings,
  type TrainingOptions,
  type TrainingSettings,
} from './open-training.js';
export { trainNetwork, type TrainedNetwork, type TrainNetworkSettings } from './train-network.js';
export { loadWeights, type Publication, type WeightsOptions } from './weights.js';
