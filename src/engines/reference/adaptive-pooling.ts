/** Mean over windows whose number is that of the output's elements. */

import type { AdaptiveAveragePoolCall, AdaptiveAveragePoolGradientCall } from '../../plan/plan.js';
import { type KernelFamily, sizesOf, type Step, type Tensor } from './tensor.js';

/** Visits each output element with the indices of the input elements in its window. */
function forEachWindow(
  input: Tensor,
  output: Tensor,
  visit: (outputElement: number, inputElements: readonly number[]) => void,
): void {
  const [batch, channels, height, width] = sizesOf(input);
  const [, , outHeight, outWidth] = sizesOf(output);
  for (let plane = 0, out = 0; plane < batch * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const rows = span(oy, outHeight, height);
      for (let ox = 0; ox < outWidth; ox++, out++) {
        const columns = span(ox, outWidth, width);
        visit(
          out,
          rows.flatMap((iy) => columns.map((ix) => (plane * height + iy) * width + ix)),
        );
      }
    }
  }
}

/** The range that window `index` of `count` covers among `size` elements; neighboring windows may overlap. */
function span(index: number, count: number, size: number): number[] {
  const first = Math.floor((index * size) / count);
  const end = Math.ceil(((index + 1) * size) / count);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

function adaptiveAveragePool(call: AdaptiveAveragePoolCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  forEachWindow(x, y, (out, elements) => {
    y.data[out] = elements.reduce((sum, i) => sum + x.data[i]!, 0) / elements.length;
  });
}

function adaptiveAveragePoolGradient(call: AdaptiveAveragePoolGradientCall, step: Step): void {
  const dy = step.tensor(call.in.dy);
  const dx = step.tensor(call.out.dx);
  dx.data.fill(0);
  forEachWindow(dx, dy, (out, elements) => {
    for (const i of elements) dx.data[i]! += dy.data[out]! / elements.length;
  });
}

export const adaptivePoolingKernels = {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
} satisfies KernelFamily;
