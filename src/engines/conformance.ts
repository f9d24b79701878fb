/**
 * What every engine has to pass, against the float64 reference: each kernel over the table of cases, whole networks,
 * and the contract of `engine.ts`. An engine's test is one call of `describeConformance`.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import { verifyPlan, type KernelKind, type Plan } from '../plan/index.js';
import { differences } from '../testing/index.js';
import { conformanceCases } from './conformance-cases.js';
import { describeContract } from './conformance/contract.js';
import { smallNetworks, zooNetworks } from './conformance/networks.js';
import { adamw, gradientTrial, inferenceTrial, sgd, smoothed, stepsTrial, type Trial } from './conformance/trials.js';
import type { Engine, Program } from './engine.js';
import { runReference } from './reference/run.js';

/** What a kernel may differ by, relative to the largest value of the tensor. */
const KERNEL_TOLERANCE = 1e-4;

/**
 * What a network's results may differ by: the rounding of every layer adds up, and division by small deviations in
 * batch norms magnifies it. Relative errors of 1e-6 in every kernel's result make up to 1e-4 in these networks' gradients.
 */
const NETWORK_TOLERANCE = 1e-3;

/** Milliseconds. The reference takes seconds, and on a busy machine many times as long. */
const NETWORK_TIMEOUT = 300_000;

type Values = ReadonlyMap<string, ArrayLike<number>>;

async function start(engine: Engine, plan: Plan, persistent: ReadonlyMap<string, Float32Array>): Promise<Program> {
  const program = await engine.compile(plan);
  for (const [name, data] of persistent) await program.write(name, data);
  return program;
}

async function readAll(program: Program, names: Iterable<string>): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const name of names) values.set(name, await program.read(name));
  return values;
}

/** Makes every run on the engine and on the reference, and compares all that can be seen after each. */
async function deviations(engine: Engine, trial: Trial, tolerance: number): Promise<string[]> {
  const { plan, inputs, persistent, runs, scale } = trial;
  const program = await start(engine, plan, persistent);
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

export interface ConformanceOptions {
  /** Whether the zoo's networks are run as well; default true. The reference against itself is spared them. */
  readonly zoo?: boolean;
}

/**
 * Registers the suite.
 * @param open makes the engine; it is called once
 */
export function describeConformance(
  engineName: string,
  open: () => Promise<Engine>,
  { zoo = true }: ConformanceOptions = {},
): void {
  const fromZoo = zoo ? zooNetworks : [];
  describe(`${engineName} engine`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });

    for (const kind of Object.keys(conformanceCases) as KernelKind[]) {
      describe(`computes ${kind} as the reference does`, () => {
        for (const fragment of conformanceCases[kind]) {
          it(`${fragment.title}`, async () => {
            verifyPlan(fragment.plan);
            expect(await deviations(engine, fragment, KERNEL_TOLERANCE)).toEqual([]);
          });
        }
      });
    }

    describe('agrees with the reference on whole networks', { timeout: NETWORK_TIMEOUT }, () => {
      for (const network of [...smallNetworks, ...fromZoo]) {
        it(`losses, gradients and running statistics of ${network.title}`, async () => {
          expect(await deviations(engine, gradientTrial(network), NETWORK_TOLERANCE)).toEqual([]);
        });
        it(`logits of ${network.title}`, async () => {
          expect(await deviations(engine, inferenceTrial(network), KERNEL_TOLERANCE)).toEqual([]);
        });
      }
      for (const network of [...smallNetworks, ...fromZoo.slice(0, 1)].map(smoothed)) {
        it(`three steps of SGD on ${network.title}`, async () => {
          const trial = stepsTrial(network, sgd);
          expect(await deviations(engine, trial, NETWORK_TOLERANCE)).toEqual([]);
        });
      }
      for (const network of smallNetworks.map(smoothed)) {
        it(`three steps of AdamW on ${network.title}`, async () => {
          const trial = stepsTrial(network, adamw);
          expect(await deviations(engine, trial, NETWORK_TOLERANCE)).toEqual([]);
        });
      }
    });

    describeContract(() => engine);
  });
}
