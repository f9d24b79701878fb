/** How far an engine is from the float64 reference. */

import { differences } from '../../testing/index.js';
import type { CompileOptions, Engine, Program } from '../engine.js';
import { runReference } from '../reference/run.js';
import type { Trial } from './trials.js';

/** How much a kernel's result may differ, relative to the largest value of the tensor. */
export const KERNEL_TOLERANCE = 1e-4;

/**
 * How much a network's results may differ: the rounding errors of all layers add up, and division by small deviations in
 * batch norms magnifies them. Relative errors of 1e-6 in every kernel's result make up to 1e-4 in these networks' gradients.
 */
export const NETWORK_TOLERANCE = 1e-3;

type Values = ReadonlyMap<string, ArrayLike<number>>;

async function readAll(program: Program, names: Iterable<string>): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const name of names) values.set(name, await program.read(name));
  return values;
}

/** Does every run on the engine and on the reference, and compares outputs and persistent tensors after each. */
export async function deviations(
  engine: Engine,
  trial: Trial,
  tolerance: number,
  options: CompileOptions = {},
): Promise<string[]> {
  const { plan, inputs, persistent, runs, scale } = trial;
  const program = await engine.compile(plan, options);
  for (const [name, data] of persistent) await program.write(name, data);
  const found: string[] = [];
  let expected: Values = persistent;
  for (const [index, scalars] of runs.entries()) {
    const step = runReference(plan, new Map([...expected, ...Object.entries(inputs)]), scalars);
    expected = step.persistent;
    const outputs = new Map(Object.entries(await program.run(inputs, scalars)));
    const when = (sentence: string): string => `run ${index}: ${sentence}`;
    found.push(...differences(outputs, step.outputs, tolerance, scale).map(when));
    const after = await readAll(program, expected.keys());
    found.push(...differences(after, expected, tolerance, scale).map(when));
  }
  await program.dispose();
  return found;
}
