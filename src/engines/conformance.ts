/**
 * The test suite that every engine has to pass, compared with the float64 reference: each kernel over the table of cases,
 * whole networks, and the contract of `engine.ts`. An engine's test is one call of `describeConformance`.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import { verifyPlan, type KernelKind } from '../plan/index.js';
import { conformanceCases } from './conformance-cases.js';
import { describeContract } from './conformance/contract.js';
import { deviations, KERNEL_TOLERANCE, NETWORK_TOLERANCE } from './conformance/deviations.js';
import { smallNetworks, zooNetworks } from './conformance/networks.js';
import { adamw, gradientTrial, inferenceTrial, sgd, smoothed, stepsTrial } from './conformance/trials.js';
import type { Engine } from './engine.js';

/** Milliseconds. The reference takes seconds, and many times as long on a busy machine. */
const NETWORK_TIMEOUT = 300_000;

export interface ConformanceOptions {
  /** Whether to run networks of the zoo as well; default true. The reference skips them when compared with itself. */
  readonly zoo?: boolean;
}

/**
 * Registers the suite.
 * @param open opens the engine; called once
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
            const tolerance = fragment.tolerance ?? KERNEL_TOLERANCE;
            expect(await deviations(engine, fragment, tolerance)).toEqual([]);
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
