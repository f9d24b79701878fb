/** Graph → Plan: differentiate, fuse, order, compute lifetimes. Pure: no device, no clock, no I/O. */

export { type Arena, type ArenaOptions, placeInArena } from './arena.js';
export { foldWeights } from './fold.js';
export { takeovers } from './in-place.js';
export { inferencePlan } from './inference.js';
export { type Lifetime, lifetimes, peakBytes } from './lifetimes.js';
export type { AdamWOptions, OptimizerOptions, SgdOptions } from './optimizer.js';
export {
  type CallOf,
  type KernelCall,
  type KernelKind,
  persistentRoles,
  type Plan,
  type TensorRole,
  type TensorSpec,
} from './plan.js';
export { printPlan } from './print.js';
export { statisticsPlan, type StatisticsPlanOptions } from './statistics.js';
export { trainingPlan, type TrainingPlanOptions } from './training.js';
export { verifyPlan } from './verify.js';
