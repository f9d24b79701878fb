/** Counting convolutions, activations, parameters, multiply-adds and memory; gradients at initial weights. */

export { countLayer, type LayerCounts } from './counts.js';
export { gradientGrowth, predictedDecades } from './gradient-theory.js';
export {
  gradientArm,
  gradientDefaults,
  gradientMeaning,
  type GradientArm,
  type GradientNorms,
  type GradientReport,
  type LayerGradients,
  type Spread,
} from './gradients.js';
export { inspectGraph, type Inspection, type LayerInspection } from './inspect.js';
