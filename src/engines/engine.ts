/**
 * The contract between plans and devices. An engine knows kernels and tensors; it knows nothing of networks, epochs
 * or ratios. Every engine passes the conformance suite beside this file.
 */

import type { KernelKind, Plan, ScalarName } from '../plan/plan.js';

/**
 * Which implementation each call uses, where an engine chose by measuring. Plain JSON. A run stores it, because two
 * implementations may round differently: with the same tuning, a resumed run repeats the same bits.
 */
export type Tuning = { readonly [call: string]: string };

export interface CompileOptions {
  /** Take these choices instead of measuring. Choices the plan has no call for are an error. */
  readonly tuning?: Tuning;
}

export interface Engine {
  /** `reference`, `onednn`, … */
  readonly name: string;
  /** What it computes on, for people: `CPU, 2 threads, AVX-512`. */
  readonly device: string;
  /** Threads that compute. */
  readonly threads: number;
  /** Of the libraries it computes with, by name; empty where it brings everything itself. */
  readonly versions: { readonly [library: string]: string };
  /** Prepares a plan to run. @throws RectioError `engine` where the plan asks for what the engine cannot do. */
  compile(plan: Plan, options?: CompileOptions): Promise<Program>;
}

/** A compiled plan with its own memory. Calls are carried out one after the other, in the order they were made. */
export interface Program {
  readonly tuning: Tuning;
  /** Bytes of device memory held: persistent tensors, arena, scratch. */
  readonly bytes: number;
  /**
   * One whole step, away from the JavaScript thread. Takes every input of the plan in logical NCHW order, copies them
   * before it returns, and gives back every output.
   */
  run(inputs: RunInputs, scalars: RunScalars): Promise<RunOutputs>;
  /**
   * A persistent tensor by name, in logical order; a copy. It holds every bit there is: whoever writes all persistent
   * tensors of one program into a fresh one goes on with the same results.
   */
  read(tensor: string): Promise<Float32Array>;
  /** Sets a persistent tensor by name. Before their first write, all are zero. */
  write(tensor: string, data: Float32Array): Promise<void>;
  /** What each call of the plan has cost since the last question, where the engine can tell; in the plan's order. */
  profile?(): Promise<CallCost[]>;
  /** Frees the memory; every later call is refused. */
  dispose(): Promise<void>;
}

export interface CallCost {
  readonly kind: KernelKind;
  readonly node: string;
  /** Wall time over all runs. */
  readonly milliseconds: number;
}

export type RunInputs = { readonly [name: string]: Float32Array };
export type RunScalars = { readonly [K in ScalarName]?: number };
export type RunOutputs = { readonly [name: string]: Float32Array };
