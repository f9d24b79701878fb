/**
 * The contract between plans and devices. An engine knows kernels and tensors; it knows nothing of networks, epochs
 * or ratios. Every engine passes the conformance suite beside this file.
 */

import type { KernelKind, Plan, ScalarName } from '../plan/plan.js';

/**
 * The implementation that each call uses, if the engine chose it by measuring. Plain JSON. A run stores it, because two
 * implementations may round differently, and training magnifies the difference from step to step: only with the same
 * tuning does a resumed run repeat the same bits.
 */
export type Tuning = { readonly [call: string]: string };

export interface CompileOptions {
  /** Use these choices instead of measuring. A choice for a call that the plan does not contain is an error. */
  readonly tuning?: Tuning;
}

export interface Engine {
  /** `reference`, `onednn`, … */
  readonly name: string;
  /** The hardware it computes on, for people to read: `CPU, 2 threads, AVX-512`. */
  readonly device: string;
  /** Number of compute threads. */
  readonly threads: number;
  /** Versions of the libraries it uses, by name; empty if it uses none. */
  readonly versions: { readonly [library: string]: string };
  /** Prepares a plan to run. @throws RectioError `engine` if the plan needs something that the engine cannot do. */
  compile(plan: Plan, options?: CompileOptions): Promise<Program>;
}

/** A compiled plan with its own memory. Calls run one after the other, in the order they were made. */
export interface Program {
  readonly tuning: Tuning;
  /** Bytes of device memory held: persistent tensors, arena, scratch. */
  readonly bytes: number;
  /**
   * Runs one whole step, off the JavaScript thread. Takes every input of the plan in logical NCHW order, copies the
   * inputs before it returns, and resolves to every output.
   */
  run(inputs: RunInputs, scalars: RunScalars): Promise<RunOutputs>;
  /**
   * Returns a copy of a persistent tensor in logical order. Nothing else carries over between steps: after all
   * persistent tensors of one program are written into a new one, both give the same results.
   */
  read(tensor: string): Promise<Float32Array>;
  /** Sets a persistent tensor by name. All are zero until they are first written. */
  write(tensor: string, data: Float32Array): Promise<void>;
  /** The cost of each call since the last query, in the plan's order. Absent if the engine does not measure it. */
  profile?(): Promise<CallCost[]>;
  /** Frees the memory once earlier calls are done; every later call is refused. */
  dispose(): Promise<void>;
}

export interface CallCost {
  readonly kind: KernelKind;
  readonly node: string;
  /** Wall time, summed over all runs. */
  readonly milliseconds: number;
}

export type RunInputs = { readonly [name: string]: Float32Array };
export type RunScalars = { readonly [K in ScalarName]?: number };
export type RunOutputs = { readonly [name: string]: Float32Array };
