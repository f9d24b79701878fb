/** Training: the loop as a stream of events. */

export type { TrainEvent } from './events.js';
export { canExtend } from './resume.js';
export { averageDecayAt, learningRates } from './schedule.js';
export type { Weights } from './recorder.js';
export { sealTraining, type Training, type TrainingParts } from './training.js';
export { train } from './train.js';
