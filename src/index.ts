/**
 * Networks: write them, take them from the zoo, choose where their activations go, count them. Everything here is pure and
 * runs in a browser as well; training is in `rectio/training`.
 */

export { RectioError, type ErrorCode } from './base/error.js';
export {
  graphBuilder,
  graphFromJson,
  graphParameters,
  graphToJson,
  inferShapes,
  printGraph,
  verifyGraph,
  type ConvolutionOptions,
  type Extent,
  type Graph,
  type GraphBuilder,
  type GraphJson,
  type Node,
  type Op,
  type OpKind,
  type Pair,
  type Parameter,
  type Place,
  type PoolOptions,
  type ScopeOptions,
  type Shape,
  type Value,
} from './graph/index.js';
export { drawGradients, drawGraph } from './draw/index.js';
export {
  gradientGrowth,
  inspectGraph,
  predictedDecades,
  type GradientArm,
  type GradientReport,
  type Inspection,
  type LayerGradients,
  type LayerInspection,
  type Spread,
} from './inspect/index.js';
export type { NetworkOptions } from './network-file/contract.js';
export {
  applyRatio,
  findSites,
  parseRatio,
  type Counts,
  type ProportionOptions,
  type ProportionReport,
  type Ratio,
  type Scope,
  type Site,
  type SiteReport,
} from './proportion/index.js';
export { createModel, modelDefaults, modelNames, type ModelOptions, type Shortcut } from './zoo/index.js';
