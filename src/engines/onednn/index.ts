/**
 * The native CPU engine: its own kernels and oneDNN's convolutions (native/). This side assigns every tensor its place in one
 * arena; the native side computes.
 */

import { RectioError } from '../../base/error.js';
import { lifetimes, placeInArena, type Plan, takeovers } from '../../plan/index.js';
import { type BareProgram, checkedProgram } from '../checked-program.js';
import type { Engine, Tuning } from '../engine.js';
import { openMeasurements, type Measurements } from './measurements.js';
import { addonBuild, loadAddon, type NativeAddon } from './native.js';
import { type OnednnStatus, onednnStatus } from './status.js';

export { type OnednnStatus, onednnStatus } from './status.js';

const alignment = 64;

/**
 * Opens the engine.
 * @param options.threads 1 to 1024; default: the number of cores
 * @throws RectioError `engine` if the addon is missing or does not load, `usage` if `threads` is out of range
 */
export function createOnednnEngine(options: { readonly threads?: number } = {}): Engine {
  const result = loadAddon();
  if ('reason' in result) {
    throw new RectioError(
      'engine',
      `The onednn engine cannot be used: ${result.reason}.`,
      'Run `npm run setup` to build it, or use `engine: reference` (slow).',
    );
  }
  const status = onednnStatus();
  const threads = options.threads ?? status.threads;
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new RectioError(
      'usage',
      `${threads} is not a valid number of threads.`,
      'Give a whole number from 1 to 1024.',
    );
  }
  const measurements = openMeasurements();
  return {
    name: 'onednn',
    device: deviceOf(status, threads),
    threads,
    versions: { oneDNN: status.version ?? 'unknown' },
    compile: (plan, compileOptions) =>
      checkedProgram(plan, compileOptions, (tuning) => prepare(result.addon, measurements, plan, threads, tuning)),
  };
}

/**
 * Everything that the bits of a result depend on. Another device changes the last bits of one step, and training magnifies
 * them from step to step. A user who resumes a run on another device is told.
 */
function deviceOf({ simd, version }: OnednnStatus, threads: number): string {
  const build = addonBuild();
  return [
    'CPU',
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    simd,
    `oneDNN ${version}`,
    ...(build === undefined ? [] : [`build ${build}`]),
  ].join(', ');
}

async function prepare(
  addon: NativeAddon,
  measurements: Measurements,
  plan: Plan,
  threads: number,
  stored: Tuning,
): Promise<BareProgram> {
  const { handle, sizes, tuning, measured } = await translated(plan, () =>
    addon.prepare(plan, threads, stored, measurements.known()),
  );
  measurements.learn(measured);
  const { offsets, bytes } = placeInArena(
    sizes,
    [...lifetimes(plan), ...plan.calls.map((_, index) => ({ first: index, last: index }))],
    { alignment, takeovers: takeovers(plan) },
  );
  await translated(plan, () => addon.place(handle, offsets, bytes));
  return {
    tuning,
    bytes,
    run: (inputs, { learningRate = 0, step = 0, averageDecay = 0 }) =>
      translated(plan, () => addon.run(handle, inputs, [learningRate, step, averageDecay])),
    read: (tensor) => translated(plan, () => addon.read(handle, tensor)),
    write: (tensor, data) => translated(plan, () => addon.write(handle, tensor, data)),
    profile: () => translated(plan, () => addon.profile(handle)),
    dispose: () => translated(plan, () => addon.dispose(handle)),
  };
}

/** Turns errors of the native side into `RectioError`. */
async function translated<T>(plan: Plan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RectioError(
      'engine',
      `The onednn engine refuses ${plan.name}: ${error.message}.`,
      error.message.startsWith('not enough memory')
        ? 'Lower `batch`, or close other programs.'
        : 'Check the network with `npx rectio inspect`; if it is sound, try `engine: reference` and report this.',
      { cause: error },
    );
  }
}
