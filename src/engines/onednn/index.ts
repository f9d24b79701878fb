/**
 * The native CPU engine: kernels of our own around oneDNN's convolutions (native/). This side checks the plan, finds
 * every tensor its place in one arena, and turns names into ids; the other side computes.
 */

import { RectioError } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import { lifetimes, persistentRoles, placeInArena, type Plan, takeovers, verifyPlan } from '../../plan/index.js';
import type { CompileOptions, Engine, Program, RunInputs, RunOutputs, RunScalars, Tuning } from '../engine.js';
import { openMeasurements, type Measurements } from './measurements.js';
import { addonBuild, loadAddon, type NativeAddon, type NativeHandle } from './native.js';
import { type OnednnStatus, onednnStatus } from './status.js';

export { type OnednnStatus, onednnStatus } from './status.js';

const alignment = 64;

/**
 * Opens the engine.
 * @param options.threads at least 1; the machine's number of cores where left out
 * @throws RectioError `engine` where the addon is missing or does not load
 */
export function createOnednnEngine(options: { readonly threads?: number } = {}): Engine {
  const result = loadAddon();
  if ('reason' in result) {
    throw new RectioError(
      'engine',
      `The onednn engine cannot be used: ${result.reason}.`,
      'Run `npm run setup` to build it, or take --engine reference (slow).',
    );
  }
  const status = onednnStatus();
  const threads = options.threads ?? status.threads;
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new RectioError('usage', `${threads} is no number of threads.`, 'Give a whole number from 1 to 1024.');
  }
  const measurements = openMeasurements();
  return {
    name: 'onednn',
    device: deviceOf(status, threads),
    threads,
    versions: { oneDNN: status.version ?? 'unknown' },
    compile: (plan, compileOptions) => compile(result.addon, measurements, plan, threads, compileOptions),
  };
}

/** All that the last bits of a result depend on: whoever resumes elsewhere is told. */
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

async function compile(
  addon: NativeAddon,
  measurements: Measurements,
  plan: Plan,
  threads: number,
  { tuning = {} }: CompileOptions = {},
): Promise<Program> {
  verifyPlan(plan);
  checkTuning(plan, tuning);
  const prepared = await translated(plan, () => addon.prepare(plan, threads, tuning, measurements.known()));
  measurements.learn(prepared.measured);
  const { offsets, bytes } = placeInArena(
    prepared.sizes,
    [...lifetimes(plan), ...plan.calls.map((_, index) => ({ first: index, last: index }))],
    { alignment, takeovers: takeovers(plan) },
  );
  await translated(plan, () => addon.place(prepared.handle, offsets, bytes));
  return program(addon, plan, prepared.handle, prepared.tuning, bytes);
}

/** The calls that have a choice are the convolutions; `native/kernels/convolution.cc` names them the same way. */
function checkTuning(plan: Plan, tuning: Tuning): void {
  const calls = new Set(plan.calls.map(({ kind, node }) => `${kind} ${node}`));
  for (const call of Object.keys(tuning)) {
    if (!calls.has(call)) {
      throw new RectioError(
        'engine',
        `The stored tuning has a choice for "${call}", which ${plan.name} does not contain.`,
        'It belongs to another network: resume with the model the run was started with.',
      );
    }
  }
}

function program(addon: NativeAddon, plan: Plan, handle: NativeHandle, tuning: Tuning, bytes: number): Program {
  let disposed = false;
  const live = <T>(work: () => Promise<T>): Promise<T> => {
    if (disposed) {
      return Promise.reject(
        new RectioError('engine', `The program of ${plan.name} has been disposed of.`, 'Compile the plan again.'),
      );
    }
    return translated(plan, work);
  };
  const persistent = new Map(plan.tensors.filter(({ role }) => persistentRoles.has(role)).map((t) => [t.name, t]));
  const tensorNamed = (name: string) => {
    const tensor = persistent.get(name);
    if (!tensor) {
      throw new RectioError(
        'engine',
        `${plan.name} has no persistent tensor named ${name}.`,
        didYouMean(name, [...persistent.keys()]),
      );
    }
    return tensor;
  };
  const size = (dims: readonly number[]) => dims.reduce((total, dim) => total * dim, 1);

  return {
    tuning,
    bytes,
    run: (inputs, scalars) =>
      live(async () => {
        const values = await addon.run(handle, inputsInOrder(plan, inputs, size), scalarsInOrder(plan, scalars));
        return Object.fromEntries(Object.keys(plan.outputs).map((name, index) => [name, values[index]!])) as RunOutputs;
      }),
    read: (name) => live(async () => addon.read(handle, tensorNamed(name).id)),
    write: (name, data) =>
      live(async () => {
        const tensor = tensorNamed(name);
        requireSize(name, data.length, size(tensor.dims));
        return addon.write(handle, tensor.id, data);
      }),
    profile: () =>
      live(async () => {
        const milliseconds = await addon.profile(handle);
        return plan.calls.map(({ kind, node }, index) => ({ kind, node, milliseconds: milliseconds[index]! }));
      }),
    dispose: () =>
      live(() => {
        disposed = true;
        return addon.dispose(handle);
      }),
  };
}

function requireSize(name: string, given: number, needed: number): void {
  if (given !== needed) {
    throw new RectioError('engine', `${name} holds ${given} numbers.`, `It must hold ${needed}.`);
  }
}

function inputsInOrder(plan: Plan, inputs: RunInputs, size: (dims: readonly number[]) => number): Float32Array[] {
  const names = Object.keys(plan.inputs);
  for (const name of Object.keys(inputs)) {
    if (!Object.hasOwn(plan.inputs, name)) {
      throw new RectioError('engine', `${plan.name} has no input named ${name}.`, didYouMean(name, names));
    }
  }
  return names.map((name) => {
    const data = inputs[name];
    if (!data) throw new RectioError('engine', `The input ${name} is missing.`, `Give ${names.join(', ')}.`);
    requireSize(`The input ${name}`, data.length, size(plan.tensors[plan.inputs[name]!]!.dims));
    return data;
  });
}

function scalarsInOrder(plan: Plan, scalars: RunScalars): [number, number, number] {
  for (const name of plan.scalars) {
    if (!Number.isFinite(scalars[name])) {
      throw new RectioError(
        'engine',
        `The scalar ${name} is ${scalars[name] === undefined ? 'missing' : 'no finite number'}.`,
        `Give ${plan.scalars.join(', ')}.`,
      );
    }
  }
  return [scalars.learningRate ?? 0, scalars.step ?? 0, scalars.averageDecay ?? 0];
}

/** Gives what the native side refuses the one error type that users meet. */
async function translated<T>(plan: Plan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RectioError || !(error instanceof Error)) throw error;
    throw new RectioError(
      'engine',
      `The onednn engine refuses ${plan.name}: ${error.message}.`,
      error.message.startsWith('not enough memory')
        ? 'Lower --batch, or close other programs.'
        : 'Check the network with `npx rectio inspect`; if it is sound, try --engine reference and report this.',
      { cause: error },
    );
  }
}
