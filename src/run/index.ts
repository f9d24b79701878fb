/** A run on disk: its files, read and written here alone. */

export {
  hasBegun,
  listCheckpoints,
  readCheckpoint,
  removeLeftovers,
  unusable,
  writeCheckpoint,
  type PersistentTensors,
  type TrainState,
} from './checkpoint.js';
export { filesToRead, holds, holdsRun, inRun, type RunFile } from './layout.js';
export { readEpochScores, writeEpochsCsv, type EpochScores } from './epochs-csv.js';
export { lockRun, runHolder } from './lock.js';
export {
  logStart,
  openMetrics,
  readEpochs,
  readLastMetrics,
  readMetricsOn,
  type EpochLine,
  type EventLog,
  type LogPlace,
  type MetricsEvent,
  type MetricsLine,
} from './metrics.js';
export { readPredictions, writePredictions, type Answers } from './predictions.js';
export { createRunFolder, readRunRecord, runName, writeRunRecord, type RunRecord } from './run-folder.js';
export { addTallies, emptyTally, scoreOf, type Score, type Tally } from './score.js';
export { scoreClasses, warningsOn, wrongByFile, type ClassScore, type Warning, type WrongAnswer } from './verdict.js';
export { isDone, readSummary, removeSummary, writeSummary, type TrainSummary } from './summary.js';
export { openTensorboard } from './tensorboard.js';
export {
  describeDifferences,
  describeWeights,
  type InitialWeights,
  type Reshaped,
  type WeightsReport,
} from './weights-report.js';
export { hasWrongPictures, readWrongPictures, surestWrong, writeWrongPictures } from './wrong-answers.js';
