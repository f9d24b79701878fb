/** Training: recipes, schedules, the loop as a stream of events, and what a run writes to disk. */

export {
  proportionOptions,
  resolveConfig,
  type AdamWConfig,
  type CheckpointConfig,
  type DataConfig,
  type EvaluationConfig,
  type LogConfig,
  type ModelConfig,
  type OptimizerConfig,
  type RatioConfig,
  type SgdConfig,
  type TrainConfig,
  type TrainConfigInput,
  type WeightsConfig,
} from './config.js';
export type { Answers } from './evaluate.js';
export { type Score, type TrainEvent, type TrainSummary } from './events.js';
export { runHolder, takeLock, type Lock } from './lock.js';
export { readEpochs, readLastMetrics, type EpochLine, type MetricsLine } from './metrics.js';
export { readPredictions } from './predictions.js';
export { hasWrongPictures, readWrongPictures, surestWrong } from './wrong-answers.js';
export { recipeNames, resolveRecipe, type Recipe } from './recipes.js';
export { readRunRecord, readSummary, type RunRecord } from './run-folder.js';
export {
  openSafetensors,
  readSafetensors,
  writeSafetensors,
  type SafetensorsFile,
  type StoredTensor,
  type StoredTensors,
} from './safetensors.js';
export {
  averageDecayAt,
  learningRates,
  type ConstantSchedule,
  type CosineSchedule,
  type OneCycleSchedule,
  type Schedule,
  type StepSchedule,
} from './schedule.js';
export { type TrainOptions } from './session.js';
export { train } from './train.js';
export {
  checkWeightsFile,
  loadWeights,
  type InitialWeights,
  type Publication,
  type WeightsOptions,
  type WeightsReport,
} from './weights.js';
