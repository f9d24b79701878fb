/** Sizes of shapes, and shapes as text. */

import type { Shape } from './op.js';

/** The largest extent or count that engines can address. */
export const largestExtent = 2 ** 31 - 1;

/** The number of values of a tensor with this shape. */
export function elements(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** `[16, 32, 32]`. */
export function printShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The distinct shapes as text, at most four of them. */
export function printShapes(shapes: readonly Shape[]): string {
  const distinct = [...new Set(shapes.map(printShape))];
  return distinct.length > 4 ? `${distinct.slice(0, 4).join(' and ')} and more` : distinct.join(' and ');
}

/** Whether two shapes are the same. */
export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
