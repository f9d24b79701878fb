/**
 * The checks that all engines share: of plans, names, sizes and scalars, and that nothing is called after disposal. An
 * engine supplies a `BareProgram`, which may rely on these checks.
 */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { persistentRoles, type Plan, type TensorSpec, verifyPlan } from '../plan/index.js';
import type { CallCost, CompileOptions, Program, RunInputs, RunScalars, Tuning } from './engine.js';

/**
 * The part of a program that an engine implements. Like a `Program`, it runs calls in the order they were made and
 * copies its arguments before it returns.
 */
export interface BareProgram {
  readonly tuning: Tuning;
  /** Bytes of device memory held. */
  readonly bytes: number;
  /** Takes inputs and returns outputs in the plan's order. Every scalar that the plan names is a finite number. */
  readonly run: (inputs: readonly Float32Array[], scalars: RunScalars) => Promise<readonly Float32Array[]>;
  /** Reads a persistent tensor by id. */
  readonly read: (tensor: number) => Promise<Float32Array>;
  /** Sets a persistent tensor; `data` has as many values as the tensor. */
  readonly write: (tensor: number, data: Float32Array) => Promise<void>;
  /** Milliseconds that each call of the plan has taken since the last query. Absent if the engine does not measure it. */
  readonly profile?: () => Promise<ArrayLike<number>>;
  /** Called once, after all other calls. */
  readonly dispose: () => Promise<void>;
}

/**
 * Compiles a plan: checks the plan and the tuning, lets the engine prepare its part, and wraps that part in checks.
 * @throws RectioError `plan` if the plan breaks the rules, `engine` if the tuning belongs to another plan
 */
export async function checkedProgram(
  plan: Plan,
  { tuning = {} }: CompileOptions = {},
  prepare: (tuning: Tuning) => BareProgram | Promise<BareProgram>,
): Promise<Program> {
  verifyPlan(plan);
  checkTuning(plan, tuning);
  return guarded(plan, await prepare(tuning));
}

/** Choices are stored by `<kind> <node>` of their call; the native engine uses the same names. */
function checkTuning(plan: Plan, tuning: Tuning): void {
  const calls = new Set(plan.calls.map(({ kind, node }) => `${kind} ${node}`));
  const stray = Object.keys(tuning).find((call) => !calls.has(call));
  if (stray === undefined) return;
  throw new RectioError(
    'engine',
    `The stored tuning has a choice for "${stray}", which ${plan.name} does not contain.`,
    'It belongs to another network: resume with the model the run was started with.',
  );
}

function guarded(plan: Plan, prepared: BareProgram): Program {
  const inputs = Object.entries(plan.inputs).map(([name, id]) => slot(name, plan.tensors[id]!));
  const outputs = Object.keys(plan.outputs);
  const persistent = new Map(
    plan.tensors
      .filter(({ role }) => persistentRoles.has(role))
      .map((tensor) => [tensor.name, slot(tensor.name, tensor)]),
  );
  /** Cleared on disposal, so that its memory can be freed. */
  let bare: BareProgram | undefined = prepared;
  /** Async, so that a refusal is a rejected promise; `work` still starts synchronously. */
  const live = async <T>(work: (bare: BareProgram) => Promise<T>): Promise<T> => {
    if (bare) return work(bare);
    throw new RectioError(
      'engine',
      `The program of ${plan.name} was disposed and cannot be used any more.`,
      'Compile the plan again.',
    );
  };

  return {
    tuning: prepared.tuning,
    bytes: prepared.bytes,
    run: (given, scalars) =>
      live(async ({ run }) => {
        const values = await run(inputsInOrder(plan, inputs, given), checkedScalars(plan, scalars));
        return Object.fromEntries(outputs.map((name, index) => [name, values[index]!]));
      }),
    read: (name) => live(async ({ read }) => read(persistentSlot(plan, persistent, name).id)),
    write: (name, data) =>
      live(async ({ write }) => {
        const target = persistentSlot(plan, persistent, name);
        checkSize(plan, target, data);
        return write(target.id, data);
      }),
    ...(prepared.profile && { profile: () => live(async ({ profile }) => costs(plan, await profile!())) }),
    dispose: () =>
      live(({ dispose }) => {
        bare = undefined;
        return dispose();
      }),
  };
}

/** A tensor that callers refer to by name: an input or a persistent tensor. */
interface Slot {
  readonly name: string;
  readonly id: number;
  readonly dims: readonly number[];
  /** Number of values. */
  readonly size: number;
}

const slot = (name: string, { id, dims }: TensorSpec): Slot => {
  return { name, id, dims, size: dims.reduce((product, extent) => product * extent, 1) };
};

function persistentSlot(plan: Plan, slots: ReadonlyMap<string, Slot>, name: string): Slot {
  const found = slots.get(name);
  if (found) return found;
  throw new RectioError(
    'engine',
    `${plan.name} has no persistent tensor named ${name}.`,
    didYouMean(name, [...slots.keys()]),
  );
}

function checkSize(plan: Plan, { name, dims, size }: Slot, data: Float32Array): void {
  if (data.length === size) return;
  throw new RectioError(
    'engine',
    `${name} of ${plan.name} was given ${data.length} values; it has ${size}.`,
    `Give it an array of shape [${dims.join(', ')}].`,
  );
}

function inputsInOrder(plan: Plan, slots: readonly Slot[], given: RunInputs): Float32Array[] {
  const names = slots.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(plan.inputs, name)) {
      throw new RectioError('engine', `${plan.name} takes no input named ${name}.`, didYouMean(name, names));
    }
  }
  return slots.map((target) => {
    const data = given[target.name];
    if (!data) {
      throw new RectioError(
        'engine',
        `${plan.name} was run without its input ${target.name}.`,
        `Its inputs are: ${names.join(', ')}.`,
      );
    }
    checkSize(plan, target, data);
    return data;
  });
}

/** Returns a copy, because the caller may change its own record as soon as `run` has returned. */
function checkedScalars(plan: Plan, scalars: RunScalars): RunScalars {
  for (const name of plan.scalars) {
    if (Number.isFinite(scalars[name])) continue;
    throw new RectioError(
      'engine',
      `${plan.name} was run without the scalar ${name}, or with one that is not finite.`,
      `Its scalars are: ${plan.scalars.join(', ')}.`,
    );
  }
  return { ...scalars };
}

function costs({ calls }: Plan, milliseconds: ArrayLike<number>): CallCost[] {
  return calls.map(({ kind, node }, index) => ({ kind, node, milliseconds: milliseconds[index]! }));
}
