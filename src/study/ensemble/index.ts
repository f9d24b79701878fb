/** Leaky networks as ensembles of ratios. */

export { ensembleFigure } from './figure.js';
export {
  measureEnsemble,
  type EnsembleOptions,
  type EnsembleResult,
  type PartResult,
  type ScoreRange,
} from './measure.js';
export type { LogitScore } from './scores.js';
export { writeEnsemble, type EnsembleFiles } from './write.js';
