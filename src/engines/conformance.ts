/**
 * What every engine has to pass, against the float64 reference: each kernel over the table of cases. An engine's test is one call of `describeConformance`.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import type { KernelKind, Plan } from '../plan/index.js';
import { verifyPlan } from '../plan/index.js';
import { relativeError } from '../testing/index.js';
import { conformanceCases } from './conformance-cases.js';
import type { Fragment } from './conformance/fragment.js';
import type { Engine, Program, RunInputs, RunOutputs, RunScalars } from './engine.js';
import { runReference } from './reference/run.js';

/** What one kernel may differ by, relative to the largest value of the tensor. */
const KERNEL_TOLERANCE = 1e-4;

type Values = ReadonlyMap<string, ArrayLike<number>>;

async function start(engine: Engine, plan: Plan, persistent: ReadonlyMap<string, Float32Array>): Promise<Program> {
  const program = await engine.compile(plan);
  for (const [name, data] of persistent) await program.write(name, data);
  return program;
}

/** Every name of `expected` with the error that `actual` has there. */
function errorsOf(actual: Values, expected: Values, scale = 0): { name: string; error: number }[] {
  return [...expected].map(([name, data]) => ({ name, error: relativeError(actual.get(name) ?? [], data, scale) }));
}

/** The entries that exceed the tolerance, as lines to read; NaN exceeds every tolerance. */
function violations(errors: { name: string; error: number }[], tolerance: number): string[] {
  return errors
    .filter(({ error }) => !(error <= tolerance))
    .map(({ name, error }) => `${name} is off by ${error.toExponential(1)}`);
}

async function readAll(program: Program, names: Iterable<string>): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const name of names) values.set(name, await program.read(name));
  return values;
}

/** Everything a caller can see after a step. */
async function seen(program: Program, outputs: RunOutputs, persistent: Iterable<string>): Promise<Values> {
  const read = await readAll(program, persistent);
  return new Map([...Object.entries(outputs), ...[...read].map(([name, data]) => [`${name} after`, data] as const)]);
}

/** The same from the reference, with the persistent values to go on with. */
function reference(plan: Plan, inputs: RunInputs, persistent: Values, scalars: RunScalars) {
  const result = runReference(
    plan,
    new Map<string, ArrayLike<number>>([...persistent, ...Object.entries(inputs)]),
    scalars,
  );
  const after = [...result.persistent].map(([name, data]) => [`${name} after`, data] as const);
  return { seen: new Map<string, ArrayLike<number>>([...result.outputs, ...after]), persistent: result.persistent };
}

async function checkFragment(engine: Engine, { plan, inputs, persistent, runs, scale }: Fragment): Promise<void> {
  verifyPlan(plan);
  const program = await start(engine, plan, persistent);
  let expected: Values = persistent;
  for (const scalars of runs) {
    const step = reference(plan, inputs, expected, scalars);
    expected = step.persistent;
    const actual = await seen(program, await program.run(inputs, scalars), persistent.keys());
    expect(violations(errorsOf(actual, step.seen, scale), KERNEL_TOLERANCE)).toEqual([]);
  }
  await program.dispose();
}

/**
 * Registers the suite.
 * @param open makes the engine; it is called once
 */
export function describeConformance(engineName: string, open: () => Promise<Engine>): void {
  describe(`${engineName} engine`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });

    for (const kind of Object.keys(conformanceCases) as KernelKind[]) {
      describe(`computes ${kind} as the reference does`, () => {
        it.each(conformanceCases[kind].map((fragment) => [fragment.title, fragment] as const))(
          '%s',
          async (_, fragment) => {
            await checkFragment(engine, fragment);
          },
        );
      });
    }
  });
}
