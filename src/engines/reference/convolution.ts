/**
 * Cross-correlation and its two gradients. All three visit the same products x·w → y in the same nesting; only what
 * is accumulated differs. The innermost loop runs along a row, over the columns whose input is not padding.
 */

import type {
  ConvolutionCall,
  ConvolutionDataGradientCall,
  ConvolutionWeightGradientCall,
  ConvolutionWindow,
} from '../../plan/plan.js';
import { addPerChannel, rectifyInPlace, sumPerChannel } from './elementwise.js';
import { sizesOf, type Step, type Tensor } from './tensor.js';

/** The output positions 0 ≤ o < `outputs` whose input o·stride + offset lies in 0 … inputs − 1: from `first` up to `end`. */
function validRange(outputs: number, inputs: number, stride: number, offset: number): [first: number, end: number] {
  const first = Math.max(0, Math.ceil(-offset / stride));
  const end = Math.min(outputs, Math.floor((inputs - 1 - offset) / stride) + 1);
  return [first, end];
}

export function convolution(call: ConvolutionCall, step: Step): void {
  const y = step.tensor(call.out.y);
  const bias = step.optional(call.in.bias);
  const addend = step.optional(call.in.addend);
  if (addend) y.data.set(addend.data);
  else y.data.fill(0);
  if (bias) addPerChannel(y, bias);
  accumulateOutput(call.window, step.tensor(call.in.x), step.tensor(call.in.weight), y);
  if (call.relu) rectifyInPlace(y.data);
}

/** y += conv(x, weight). */
function accumulateOutput(window: ConvolutionWindow, x: Tensor, weight: Tensor, y: Tensor): void {
  const [batch, inChannels, height, width] = sizesOf(x);
  const [, outChannels, outHeight, outWidth] = sizesOf(y);
  const [kernelHeight, kernelWidth] = window.kernel;
  const [strideY, strideX] = window.stride;
  const groupIn = inChannels / window.groups;
  const groupOut = outChannels / window.groups;
  const xs = x.data;
  const ys = y.data;
  const ws = weight.data;
  for (let n = 0; n < batch; n++) {
    for (let oc = 0; oc < outChannels; oc++) {
      const yPlane = (n * outChannels + oc) * outHeight * outWidth;
      const firstInput = Math.floor(oc / groupOut) * groupIn;
      for (let ic = 0; ic < groupIn; ic++) {
        const xPlane = (n * inChannels + firstInput + ic) * height * width;
        for (let ky = 0; ky < kernelHeight; ky++) {
          const offsetY = ky * window.dilation[0] - window.padding[0];
          const [firstY, endY] = validRange(outHeight, height, strideY, offsetY);
          for (let kx = 0; kx < kernelWidth; kx++) {
            const offsetX = kx * window.dilation[1] - window.padding[1];
            const [firstX, endX] = validRange(outWidth, width, strideX, offsetX);
            const w = ws[((oc * groupIn + ic) * kernelHeight + ky) * kernelWidth + kx]!;
            for (let oy = firstY; oy < endY; oy++) {
              const yRow = yPlane + oy * outWidth;
              const xRow = xPlane + (oy * strideY + offsetY) * width + offsetX;
              for (let ox = firstX; ox < endX; ox++) ys[yRow + ox]! += w * xs[xRow + ox * strideX]!;
            }
          }
        }
      }
    }
  }
}

export function convolutionDataGradient(call: ConvolutionDataGradientCall, step: Step): void {
  const { window } = call;
  const dx = step.tensor(call.out.dx);
  const dy = step.tensor(call.in.dy);
  const ws = step.tensor(call.in.weight).data;
  const [batch, inChannels, height, width] = sizesOf(dx);
  const [, outChannels, outHeight, outWidth] = sizesOf(dy);
  const [kernelHeight, kernelWidth] = window.kernel;
  const [strideY, strideX] = window.stride;
  const groupIn = inChannels / window.groups;
  const groupOut = outChannels / window.groups;
  const dxs = dx.data.fill(0);
  const dys = dy.data;
  for (let n = 0; n < batch; n++) {
    for (let oc = 0; oc < outChannels; oc++) {
      const yPlane = (n * outChannels + oc) * outHeight * outWidth;
      const firstInput = Math.floor(oc / groupOut) * groupIn;
      for (let ic = 0; ic < groupIn; ic++) {
        const xPlane = (n * inChannels + firstInput + ic) * height * width;
        for (let ky = 0; ky < kernelHeight; ky++) {
          const offsetY = ky * window.dilation[0] - window.padding[0];
          const [firstY, endY] = validRange(outHeight, height, strideY, offsetY);
          for (let kx = 0; kx < kernelWidth; kx++) {
            const offsetX = kx * window.dilation[1] - window.padding[1];
            const [firstX, endX] = validRange(outWidth, width, strideX, offsetX);
            const w = ws[((oc * groupIn + ic) * kernelHeight + ky) * kernelWidth + kx]!;
            for (let oy = firstY; oy < endY; oy++) {
              const yRow = yPlane + oy * outWidth;
              const xRow = xPlane + (oy * strideY + offsetY) * width + offsetX;
              for (let ox = firstX; ox < endX; ox++) dxs[xRow + ox * strideX]! += w * dys[yRow + ox]!;
            }
          }
        }
      }
    }
  }
}

export function convolutionWeightGradient(call: ConvolutionWeightGradientCall, step: Step): void {
  const { window } = call;
  const x = step.tensor(call.in.x);
  const dy = step.tensor(call.in.dy);
  const [batch, inChannels, height, width] = sizesOf(x);
  const [, outChannels, outHeight, outWidth] = sizesOf(dy);
  const [kernelHeight, kernelWidth] = window.kernel;
  const [strideY, strideX] = window.stride;
  const groupIn = inChannels / window.groups;
  const groupOut = outChannels / window.groups;
  const dws = step.tensor(call.out.dweight).data.fill(0);
  const xs = x.data;
  const dys = dy.data;
  for (let n = 0; n < batch; n++) {
    for (let oc = 0; oc < outChannels; oc++) {
      const yPlane = (n * outChannels + oc) * outHeight * outWidth;
      const firstInput = Math.floor(oc / groupOut) * groupIn;
      for (let ic = 0; ic < groupIn; ic++) {
        const xPlane = (n * inChannels + firstInput + ic) * height * width;
        for (let ky = 0; ky < kernelHeight; ky++) {
          const offsetY = ky * window.dilation[0] - window.padding[0];
          const [firstY, endY] = validRange(outHeight, height, strideY, offsetY);
          for (let kx = 0; kx < kernelWidth; kx++) {
            const offsetX = kx * window.dilation[1] - window.padding[1];
            const [firstX, endX] = validRange(outWidth, width, strideX, offsetX);
            let total = 0;
            for (let oy = firstY; oy < endY; oy++) {
              const yRow = yPlane + oy * outWidth;
              const xRow = xPlane + (oy * strideY + offsetY) * width + offsetX;
              for (let ox = firstX; ox < endX; ox++) total += dys[yRow + ox]! * xs[xRow + ox * strideX]!;
            }
            dws[((oc * groupIn + ic) * kernelHeight + ky) * kernelWidth + kx]! += total;
          }
        }
      }
    }
  }
  const dbias = step.optional(call.out.dbias);
  if (dbias) sumPerChannel(dy, dbias);
}
