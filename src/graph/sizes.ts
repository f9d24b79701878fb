/** Shapes as numbers of values and as text. */

import type { Shape } from './op.js';

/** The largest extent or count that engines can address. */
export const largestExtent = 2 ** 31 - 1;

/** How many values a shape holds. */
export function elements(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** `[16, 32, 32]`. */
export function printShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The shapes that differ, at most four of them. */
export function printShapes(shapes: readonly Shape[]): string {
  const distinct = [...new Set(shapes.map(printShape))];
  return distinct.length > 4 ? `${distinct.slice(0, 4).join(' and ')} and more` : distinct.join(' and ');
}

/** Whether two shapes are the same. */
export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
