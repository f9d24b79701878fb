/**
 * The reference engine: plain TypeScript in float64. Slow, and on the JavaScript thread; it defines what a kernel means
 * and runs wherever JavaScript does. Values enter and leave as float32.
 */

import { RectioError } from '../../base/error.js';
import type { Plan } from '../../plan/plan.js';
import { type BareProgram, checkedProgram } from '../checked-program.js';
import type { Engine, RunScalars, Tuning } from '../engine.js';
import { execute } from './kernels.js';
import { allocate, stepOver, type Memory } from './memory.js';

export { runReference, type ReferenceResult } from './run.js';

/** A step that has run for this long without a pause lets the event loop turn, so that timers and signals are heard. */
const turnMilliseconds = 50;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Opens the engine. It needs nothing, so it always works. */
export function createReferenceEngine(): Engine {
  return {
    name: 'reference',
    device: 'JavaScript, 1 thread, float64',
    threads: 1,
    versions: {},
    compile: (plan, options) => checkedProgram(plan, options, (tuning) => prepare(plan, tuning)),
  };
}

function prepare(plan: Plan, tuning: Tuning): BareProgram {
  const [choice] = Object.keys(tuning);
  if (choice !== undefined) {
    throw new RectioError(
      'engine',
      `The reference engine has one implementation of every kernel, but the tuning chooses one for ${choice}.`,
      'Compile without a tuning, or with the engine that made it.',
    );
  }
  const memory = allocate(plan);
  let last: Promise<unknown> = Promise.resolve();
  /** Runs `job` behind all earlier ones. */
  const enqueue = <T>(job: () => Promise<T> | T): Promise<T> => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };

  return {
    tuning: {},
    bytes: memory.tensors.reduce((sum, { data }) => sum + data.byteLength, 0),
    run: (inputs, scalars) => {
      const copies = inputs.map((data) => data.slice());
      return enqueue(() => runStep(plan, memory, copies, scalars));
    },
    read: (tensor) => enqueue(() => Float32Array.from(memory.tensors[tensor]!.data)),
    write: (tensor, data) => {
      const copy = data.slice();
      return enqueue(() => memory.tensors[tensor]!.data.set(copy));
    },
    // Nothing to free: `checkedProgram` drops the reference to the memory.
    dispose: () => enqueue(() => undefined),
  };
}

async function runStep(
  plan: Plan,
  memory: Memory,
  inputs: readonly Float32Array[],
  scalars: RunScalars,
): Promise<Float32Array[]> {
  [...memory.inputs.values()].forEach(({ data }, index) => data.set(inputs[index]!));
  const step = stepOver(memory, scalars);
  let lastTurn = performance.now();
  for (const call of plan.calls) {
    execute(call, step);
    if (performance.now() - lastTurn > turnMilliseconds) {
      await turn();
      lastTurn = performance.now();
    }
  }
  roundPersistent(memory);
  return [...memory.outputs.values()].map(({ data }) => Float32Array.from(data));
}

/** Persistent values are rounded to float32 after each step, so that `read` returns them without loss. */
function roundPersistent(memory: Memory): void {
  for (const { data } of memory.persistent.values())
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i]!);
}
