/** Small loops that several kernels share. */

import { planesOf, type Tensor } from './tensor.js';

/** max(x, 0), NaN kept. */
export function rectifyInPlace(data: Float64Array): void {
  for (let i = 0; i < data.length; i++) if (data[i]! < 0) data[i] = 0;
}

/** target += source. */
export function addInPlace(target: Float64Array, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
}

/** y[n, c, …] += values[c]. */
export function addPerChannel(y: Tensor, values: Tensor): void {
  const { batch, channels, area } = planesOf(y);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const start = (n * channels + c) * area;
      const value = values.data[c]!;
      for (let i = start; i < start + area; i++) y.data[i]! += value;
    }
  }
}

/** sums[c] = Σ x[n, c, …]. */
export function sumPerChannel(x: Tensor, sums: Tensor): void {
  const { batch, channels, area } = planesOf(x);
  sums.data.fill(0);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const start = (n * channels + c) * area;
      let total = 0;
      for (let i = start; i < start + area; i++) total += x.data[i]!;
      sums.data[c]! += total;
    }
  }
}
