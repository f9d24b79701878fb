/** Maximum and mean over windows, and over whole planes. */

import type {
  AveragePoolCall,
  AveragePoolGradientCall,
  GlobalAveragePoolCall,
  GlobalAveragePoolGradientCall,
  MaxPoolCall,
  MaxPoolGradientCall,
  Window,
} from '../../plan/plan.js';
import { type KernelFamily, planesOf, sizesOf, type Step } from './tensor.js';

/** A window along one dimension: `start` may lie in the padding; `first` … `end` − 1 are the elements inside the input. */
function span(output: number, size: number, kernel: number, stride: number, padding: number) {
  const start = output * stride - padding;
  return {
    start,
    first: Math.max(start, 0),
    end: Math.min(start + kernel, size),
    /** Number of elements if padding counts. The padding at the end is as wide as that at the start (as in PyTorch). */
    padded: Math.min(start + kernel, size + padding) - start,
  };
}

function maxPool(call: MaxPoolCall, step: Step): void {
  const { kernel, stride, padding } = call.window;
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  const index = step.optional(call.out.index);
  const [batch, channels, height, width] = sizesOf(x);
  const [, , outHeight, outWidth] = sizesOf(y);
  for (let plane = 0, out = 0; plane < batch * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const rows = span(oy, height, kernel[0], stride[0], padding[0]);
      for (let ox = 0; ox < outWidth; ox++, out++) {
        const columns = span(ox, width, kernel[1], stride[1], padding[1]);
        let best = -Infinity;
        let winner = 0;
        for (let iy = rows.first; iy < rows.end; iy++) {
          for (let ix = columns.first; ix < columns.end; ix++) {
            const value = x.data[(plane * height + iy) * width + ix]!;
            if (value > best || Number.isNaN(value)) {
              best = value;
              winner = (iy - rows.start) * kernel[1] + (ix - columns.start);
            }
          }
        }
        y.data[out] = best;
        if (index) index.data[out] = winner;
      }
    }
  }
}

function maxPoolGradient(call: MaxPoolGradientCall, step: Step): void {
  const { kernel, stride, padding } = call.window;
  const dy = step.tensor(call.in.dy);
  const dx = step.tensor(call.out.dx);
  const index = step.tensor(call.in.index).data;
  const [batch, channels, height, width] = sizesOf(dx);
  const [, , outHeight, outWidth] = sizesOf(dy);
  dx.data.fill(0);
  for (let plane = 0, out = 0; plane < batch * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++, out++) {
        const winner = index[out]!;
        const iy = oy * stride[0] - padding[0] + Math.floor(winner / kernel[1]);
        const ix = ox * stride[1] - padding[1] + (winner % kernel[1]);
        dx.data[(plane * height + iy) * width + ix]! += dy.data[out]!;
      }
    }
  }
}

/** The divisor of a window's sum. */
function divisor(rows: ReturnType<typeof span>, columns: ReturnType<typeof span>, countPadding: boolean): number {
  if (countPadding) return rows.padded * columns.padded;
  return (rows.end - rows.first) * (columns.end - columns.first);
}

function averagePool(call: AveragePoolCall, step: Step): void {
  const { kernel, stride, padding }: Window = call.window;
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  const [batch, channels, height, width] = sizesOf(x);
  const [, , outHeight, outWidth] = sizesOf(y);
  for (let plane = 0, out = 0; plane < batch * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const rows = span(oy, height, kernel[0], stride[0], padding[0]);
      for (let ox = 0; ox < outWidth; ox++, out++) {
        const columns = span(ox, width, kernel[1], stride[1], padding[1]);
        let total = 0;
        for (let iy = rows.first; iy < rows.end; iy++) {
          for (let ix = columns.first; ix < columns.end; ix++) total += x.data[(plane * height + iy) * width + ix]!;
        }
        y.data[out] = total / divisor(rows, columns, call.countPadding);
      }
    }
  }
}

function averagePoolGradient(call: AveragePoolGradientCall, step: Step): void {
  const { kernel, stride, padding }: Window = call.window;
  const dy = step.tensor(call.in.dy);
  const dx = step.tensor(call.out.dx);
  const [batch, channels, height, width] = sizesOf(dx);
  const [, , outHeight, outWidth] = sizesOf(dy);
  dx.data.fill(0);
  for (let plane = 0, out = 0; plane < batch * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const rows = span(oy, height, kernel[0], stride[0], padding[0]);
      for (let ox = 0; ox < outWidth; ox++, out++) {
        const columns = span(ox, width, kernel[1], stride[1], padding[1]);
        const share = dy.data[out]! / divisor(rows, columns, call.countPadding);
        for (let iy = rows.first; iy < rows.end; iy++) {
          for (let ix = columns.first; ix < columns.end; ix++) dx.data[(plane * height + iy) * width + ix]! += share;
        }
      }
    }
  }
}

function globalAveragePool(call: GlobalAveragePoolCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y).data;
  const { area } = planesOf(x);
  for (let plane = 0; plane < y.length; plane++) {
    let total = 0;
    for (let i = plane * area; i < (plane + 1) * area; i++) total += x.data[i]!;
    y[plane] = total / area;
  }
}

function globalAveragePoolGradient(call: GlobalAveragePoolGradientCall, step: Step): void {
  const dy = step.tensor(call.in.dy).data;
  const dx = step.tensor(call.out.dx);
  const { area } = planesOf(dx);
  for (let plane = 0; plane < dy.length; plane++) dx.data.fill(dy[plane]! / area, plane * area, (plane + 1) * area);
}

export const poolingKernels = {
  maxPool,
  maxPoolGradient,
  averagePool,
  averagePoolGradient,
  globalAveragePool,
  globalAveragePoolGradient,
} satisfies KernelFamily;
