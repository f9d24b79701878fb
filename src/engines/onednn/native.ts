/** Loads the native addon (native/addon.cc), and types what it offers. */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import type { Plan } from '../../plan/plan.js';

/** A compiled plan on the native side; opaque. */
export interface NativeHandle {
  readonly [brand]: true;
}
declare const brand: unique symbol;

/** Names of implementations. */
export type Choices = { readonly [what: string]: string };

export interface Prepared {
  readonly handle: NativeHandle;
  readonly sizes: readonly number[];
  readonly tuning: Choices;
  readonly measured: Choices;
}

/** Every function answers on the compute thread's time; ids and sizes are checked there again. */
export interface NativeAddon {
  /**
   * Builds the program. `tuning` says by call which implementation to take; `measured` says what won for equal work
   * before, and comes back with what was measured now. `sizes` are the bytes of every tensor, then of every call's
   * scratch memory: what `place` has to find room for.
   */
  prepare(plan: Plan, threads: number, tuning: Choices, measured: Choices): Promise<Prepared>;
  place(handle: NativeHandle, offsets: readonly number[], totalBytes: number): Promise<void>;
  /** Inputs and outputs in the order of the plan's own `inputs` and `outputs`. */
  run(
    handle: NativeHandle,
    inputs: readonly Float32Array[],
    scalars: readonly [learningRate: number, step: number, averageDecay: number],
  ): Promise<Float32Array[]>;
  read(handle: NativeHandle, tensor: number): Promise<Float32Array>;
  write(handle: NativeHandle, tensor: number, values: Float32Array): Promise<void>;
  /** Milliseconds that every call has taken, over all runs since the last question. */
  profile(handle: NativeHandle): Promise<Float32Array>;
  dispose(handle: NativeHandle): Promise<void>;
  describe(): { readonly onednn: string; readonly block: number };
}

/**
 * build/rectio.node at the package's root, from src/ and dist/ alike. RECTIO_ADDON names another build of it, such as one
 * with sanitizers.
 */
export const addonPath =
  process.env['RECTIO_ADDON'] ?? fileURLToPath(new URL('../../../build/rectio.node', import.meta.url));

export type Loaded = { readonly addon: NativeAddon } | { readonly reason: string };

let loaded: Loaded | undefined;

/** The addon, or why there is none. */
export function loadAddon(): Loaded {
  loaded ??= load();
  return loaded;
}

function load(): Loaded {
  if (!existsSync(addonPath)) return { reason: 'the native engine is not built' };
  const missing = missingInstructions();
  if (missing !== undefined) return { reason: missing };
  // A thread that spins while it waits takes the core from whoever shares the machine, and from its own partner. The
  // runtime reads this once, when the addon brings it in.
  process.env['OMP_WAIT_POLICY'] ??= 'passive';
  try {
    return { addon: createRequire(import.meta.url)(addonPath) as NativeAddon };
  } catch (error) {
    return { reason: `the native engine does not load (${error instanceof Error ? error.message : String(error)})` };
  }
}

/** Calling code for another processor would end the process without a word, so ask before. */
function missingInstructions(): string | undefined {
  const built = readIfThere(`${addonPath}.flags`);
  const here = readIfThere('/proc/cpuinfo')?.match(/^(?:flags|Features)\s*:(.*)$/m)?.[1];
  if (built === undefined || here === undefined) return undefined;
  const have = new Set(here.trim().split(/\s+/));
  const lacking = built
    .trim()
    .split(/\s+/)
    .filter((flag) => !have.has(flag));
  return lacking.length === 0
    ? undefined
    : `the native engine was built on a machine with ${lacking.slice(0, 4).join(', ')}`;
}

/** A few letters that stand for the sources and the compiler of the addon: another build may round differently. */
export function addonBuild(): string | undefined {
  return readIfThere(`${addonPath}.stamp`)?.slice(0, 8);
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
