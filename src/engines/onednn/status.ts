/** Whether the native engine works on this machine, for `doctor` and for choosing an engine. */

import { usableCores } from '../../system/machine.js';

import { loadAddon } from './native.js';

export interface OnednnStatus {
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason?: string;
  /** oneDNN's version. */
  readonly version?: string;
  /** The vector instructions that the addon's own kernels were compiled for. */
  readonly simd?: string;
  /** Default number of threads. */
  readonly threads: number;
}

export function onednnStatus(): OnednnStatus {
  const threads = usableCores();
  const result = loadAddon();
  if ('reason' in result) return { available: false, reason: result.reason, threads };
  const { onednn, block } = result.addon.describe();
  return { available: true, version: onednn, simd: block === 16 ? 'AVX-512' : '8 lanes (AVX2 or narrower)', threads };
}
