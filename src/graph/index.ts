/** The network as plain, immutable data: ops, builder, shape inference, validation, print and JSON. */

export { classifierOf, classifierParameters } from './classifier.js';
export * from './attributes.js';
export * from './builder.js';
export * from './graph.js';
export { initializeWeights } from './initialize.js';
export * from './json.js';
export * from './op.js';
export { isActivation, opKinds } from './op-table.js';
export * from './parameters.js';
export * from './print.js';
export * from './shapes.js';
export { elements, printShape } from './sizes.js';
export * from './verify.js';
