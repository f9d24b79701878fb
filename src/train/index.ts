/** Training: the loop as a stream of events. */

export type { TrainEvent } from './events.js';
export { averageDecayAt, learningRates } from './schedule.js';
export { type TrainOptions } from './session.js';
export { train } from './train.js';
