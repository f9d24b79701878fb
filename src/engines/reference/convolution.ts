/**
 * Cross-correlation and its two gradients, computed with patches: row p of an image's patches holds the inputs in the window
 * of output position p, with zeros for padding. With weights as rows in the same order,
 *
 *     y[o, p] = weight[o] · patch[p],   dpatch[p] = Σₒ dy[o, p]·weight[o],   dweight[o] = Σₚ dy[o, p]·patch[p],
 *
 * and dx of an input is the sum of dpatch over all places in patches that hold the input.
 */

import type {
  ConvolutionCall,
  ConvolutionDataGradientCall,
  ConvolutionWeightGradientCall,
  ConvolutionWindow,
} from '../../plan/plan.js';
import { addInPlace, addPerChannel, rectifyInPlace, sumPerChannel } from './elementwise.js';
import { type KernelFamily, sizesOf, type Step, type Tensor } from './tensor.js';

interface Geometry {
  readonly batch: number;
  readonly groups: number;
  /** Input and output channels of a group. */
  readonly groupIn: number;
  readonly groupOut: number;
  /** Elements of one plane of the input. */
  readonly inArea: number;
  /** Output positions. */
  readonly positions: number;
  /** Elements of one patch: groupIn × kernel height × kernel width. */
  readonly patch: number;
  /** Index in the group's input of each element of each patch; −1 in the padding. */
  readonly sources: Int32Array;
}

function geometryOf(window: ConvolutionWindow, x: Tensor, y: Tensor): Geometry {
  const [batch, inChannels, height, width] = sizesOf(x);
  const [, outChannels, outHeight, outWidth] = sizesOf(y);
  const { kernel, stride, padding, dilation, groups } = window;
  const groupIn = inChannels / groups;
  const patch = groupIn * kernel[0] * kernel[1];
  const positions = outHeight * outWidth;
  const sources = new Int32Array(positions * patch);
  let next = 0;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let c = 0; c < groupIn; c++) {
        for (let ky = 0; ky < kernel[0]; ky++) {
          const iy = oy * stride[0] - padding[0] + ky * dilation[0];
          for (let kx = 0; kx < kernel[1]; kx++) {
            const ix = ox * stride[1] - padding[1] + kx * dilation[1];
            const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            sources[next++] = inside ? (c * height + iy) * width + ix : -1;
          }
        }
      }
    }
  }
  return { batch, groups, groupIn, groupOut: outChannels / groups, inArea: height * width, positions, patch, sources };
}

/** Fills `patches` from one image's group, whose first element is x[start]. */
function gather({ sources }: Geometry, x: Float64Array, start: number, patches: Float64Array): void {
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!;
    patches[i] = source < 0 ? 0 : x[start + source]!;
  }
}

/** Adds every element of `patches` to the input element it came from. */
function scatter({ sources }: Geometry, patches: Float64Array, dx: Float64Array, start: number): void {
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!;
    if (source >= 0) dx[start + source]! += patches[i]!;
  }
}

/** Σ a[aStart + i]·b[bStart + i]; four partial sums, because each addition of a single sum would wait for the one before. */
function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, count: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    s0 += a[aStart + i]! * b[bStart + i]!;
    s1 += a[aStart + i + 1]! * b[bStart + i + 1]!;
    s2 += a[aStart + i + 2]! * b[bStart + i + 2]!;
    s3 += a[aStart + i + 3]! * b[bStart + i + 3]!;
  }
  for (; i < count; i++) s0 += a[aStart + i]! * b[bStart + i]!;
  return s0 + s1 + (s2 + s3);
}

/** target[tStart + i] += factor·source[sStart + i]. */
function addScaled(
  target: Float64Array,
  tStart: number,
  factor: number,
  source: Float64Array,
  sStart: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[tStart + i]! += factor * source[sStart + i]!;
}

/** Calls `visit` for every image and group, with the first elements of the group's input, output and weights. */
function forEachGroup(
  { batch, groups, groupIn, groupOut, inArea, positions, patch }: Geometry,
  visit: (xStart: number, yStart: number, weightStart: number) => void,
): void {
  for (let n = 0; n < batch; n++) {
    for (let g = 0; g < groups; g++) {
      const group = n * groups + g;
      visit(group * groupIn * inArea, group * groupOut * positions, g * groupOut * patch);
    }
  }
}

function convolution(call: ConvolutionCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const y = step.tensor(call.out.y);
  const weight = step.tensor(call.in.weight).data;
  const geometry = geometryOf(call.window, x, y);
  const { groupOut, positions, patch } = geometry;
  const patches = new Float64Array(positions * patch);
  forEachGroup(geometry, (xStart, yStart, weightStart) => {
    gather(geometry, x.data, xStart, patches);
    for (let o = 0; o < groupOut; o++) {
      for (let p = 0; p < positions; p++) {
        y.data[yStart + o * positions + p] = dot(weight, weightStart + o * patch, patches, p * patch, patch);
      }
    }
  });
  const bias = step.optional(call.in.bias);
  if (bias) addPerChannel(y, bias);
  const addend = step.optional(call.in.addend);
  if (addend) addInPlace(y.data, addend.data);
  if (call.relu) rectifyInPlace(y.data);
}

function convolutionDataGradient(call: ConvolutionDataGradientCall, step: Step): void {
  const dx = step.tensor(call.out.dx);
  const dy = step.tensor(call.in.dy);
  const weight = step.tensor(call.in.weight).data;
  const geometry = geometryOf(call.window, dx, dy);
  const { groupOut, positions, patch } = geometry;
  const patches = new Float64Array(positions * patch);
  dx.data.fill(0);
  forEachGroup(geometry, (xStart, yStart, weightStart) => {
    patches.fill(0);
    for (let p = 0; p < positions; p++) {
      for (let o = 0; o < groupOut; o++) {
        addScaled(patches, p * patch, dy.data[yStart + o * positions + p]!, weight, weightStart + o * patch, patch);
      }
    }
    scatter(geometry, patches, dx.data, xStart);
  });
}

function convolutionWeightGradient(call: ConvolutionWeightGradientCall, step: Step): void {
  const x = step.tensor(call.in.x);
  const dy = step.tensor(call.in.dy);
  const dweight = step.tensor(call.out.dweight).data.fill(0);
  const geometry = geometryOf(call.window, x, dy);
  const { groupOut, positions, patch } = geometry;
  const patches = new Float64Array(positions * patch);
  forEachGroup(geometry, (xStart, yStart, weightStart) => {
    gather(geometry, x.data, xStart, patches);
    for (let o = 0; o < groupOut; o++) {
      for (let p = 0; p < positions; p++) {
        addScaled(dweight, weightStart + o * patch, dy.data[yStart + o * positions + p]!, patches, p * patch, patch);
      }
    }
  });
  const dbias = step.optional(call.out.dbias);
  if (dbias) sumPerChannel(dy, dbias);
}

export const convolutionKernels = {
  convolution,
  convolutionDataGradient,
  convolutionWeightGradient,
} satisfies KernelFamily;
