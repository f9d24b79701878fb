/**
 * The reference engine: plain TypeScript in float64. Slow, and on the JavaScript thread; it defines what a kernel means
 * and runs wherever JavaScript does. Values enter and leave as float32.
 */

import { RectioError } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import type { Plan } from '../../plan/plan.js';
import { verifyPlan } from '../../plan/verify.js';
import type { CompileOptions, Engine, Program, RunInputs, RunOutputs, RunScalars } from '../engine.js';
import { execute } from './kernels.js';
import { allocate, stepOver, type Memory } from './memory.js';
import type { Tensor } from './tensor.js';

export { runReference, type ReferenceResult } from './run.js';

/** After so long a time without a pause, a step lets the event loop turn, so that timers and signals are heard. */
const TURN_MILLISECONDS = 50;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Opens the engine; it is always there, and needs nothing. */
export function createReferenceEngine(): Engine {
  return {
    name: 'reference',
    device: 'JavaScript, 1 thread, float64',
    threads: 1,
    versions: {},
    compile: async (plan, options) => compile(plan, options),
  };
}

function compile(plan: Plan, options?: CompileOptions): Program {
  const [choice] = Object.keys(options?.tuning ?? {});
  if (choice !== undefined) {
    throw new RectioError(
      'engine',
      `The reference engine has one implementation of every kernel, but the tuning chooses one for ${choice}.`,
      'Compile without a tuning, or with the engine that made it.',
    );
  }
  verifyPlan(plan);
  let memory: Memory | undefined = allocate(plan);
  const bytes = memory.tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  let last: Promise<unknown> = Promise.resolve();

  /** Runs `job` behind all earlier ones. Whether the program still lives is asked at once, not then. */
  const enqueue = <T>(job: (memory: Memory) => Promise<T> | T): Promise<T> => {
    const held = live(memory, plan);
    const result = last.then(() => job(held));
    last = result.catch(() => undefined);
    return result;
  };

  return {
    tuning: {},
    bytes,
    run: async (inputs, scalars) => {
      const copies = copyInputs(plan, live(memory, plan), inputs);
      const given = checkScalars(plan, scalars);
      return enqueue((held) => runStep(plan, held, copies, given));
    },
    read: async (name) => enqueue((held) => Float32Array.from(persistentTensor(plan, held, name).data)),
    write: async (name, data) => {
      const tensor = persistentTensor(plan, live(memory, plan), name);
      checkSize(plan, name, tensor, data);
      const copy = data.slice();
      return enqueue(() => tensor.data.set(copy));
    },
    dispose: async () => {
      memory = undefined;
      await last;
    },
  };
}

async function runStep(
  plan: Plan,
  memory: Memory,
  inputs: ReadonlyMap<Tensor, Float32Array>,
  scalars: RunScalars,
): Promise<RunOutputs> {
  for (const [tensor, data] of inputs) tensor.data.set(data);
  const step = stepOver(memory, scalars);
  let lastTurn = performance.now();
  for (const call of plan.calls) {
    execute(call, step);
    if (performance.now() - lastTurn > TURN_MILLISECONDS) {
      await turn();
      lastTurn = performance.now();
    }
  }
  roundPersistent(memory);
  return Object.fromEntries([...memory.outputs].map(([name, { data }]) => [name, Float32Array.from(data)]));
}

/** Between steps everything that stays is float32, so that what `read` gives is all there is to know. */
function roundPersistent(memory: Memory): void {
  for (const { data } of memory.persistent.values())
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i]!);
}

function live(memory: Memory | undefined, plan: Plan): Memory {
  if (memory) return memory;
  throw new RectioError(
    'engine',
    `The program of ${plan.name} was disposed and cannot be used any more.`,
    'Compile the plan again.',
  );
}

function persistentTensor(plan: Plan, memory: Memory, name: string): Tensor {
  const tensor = memory.persistent.get(name);
  if (tensor) return tensor;
  throw new RectioError(
    'engine',
    `${plan.name} has no persistent tensor named ${name}.`,
    didYouMean(name, [...memory.persistent.keys()]),
  );
}

function checkSize(plan: Plan, name: string, tensor: Tensor, data: Float32Array): void {
  if (data.length === tensor.data.length) return;
  throw new RectioError(
    'engine',
    `${name} of ${plan.name} was given ${data.length} values; it has ${tensor.data.length}.`,
    `Give it an array of shape [${tensor.dims.join(', ')}].`,
  );
}

function copyInputs(plan: Plan, memory: Memory, inputs: RunInputs): Map<Tensor, Float32Array> {
  const names = [...memory.inputs.keys()];
  for (const name of Object.keys(inputs)) {
    if (!memory.inputs.has(name)) {
      throw new RectioError('engine', `${plan.name} takes no input named ${name}.`, didYouMean(name, names));
    }
  }
  const copies = new Map<Tensor, Float32Array>();
  for (const [name, tensor] of memory.inputs) {
    const data = inputs[name];
    if (!data) {
      throw new RectioError(
        'engine',
        `${plan.name} was run without its input ${name}.`,
        `Its inputs are: ${names.join(', ')}.`,
      );
    }
    checkSize(plan, name, tensor, data);
    copies.set(tensor, data.slice());
  }
  return copies;
}

function checkScalars(plan: Plan, scalars: RunScalars): RunScalars {
  for (const name of plan.scalars) {
    if (!Number.isFinite(scalars[name])) {
      throw new RectioError(
        'engine',
        `${plan.name} was run without the scalar ${name}, or with one that is not finite.`,
        `Its scalars are: ${plan.scalars.join(', ')}.`,
      );
    }
  }
  return { ...scalars };
}
