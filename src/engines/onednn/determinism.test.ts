import { describe, expect, it } from 'vitest';
import { foldWeights, inferencePlan, persistentRoles, trainingPlan, type Plan } from '../../plan/index.js';
import { filled, normal, testWeights } from '../../testing/index.js';
import { createModel } from '../../zoo/index.js';
import { sgd } from '../conformance/trials.js';
import type { Program, RunInputs } from '../engine.js';
import { createOnednnEngine, onednnStatus } from './index.js';

const BATCH = 16;
const RUNS = 3;
const graph = createModel('resnet20', { classes: 10 });
const images = filled(BATCH * 3 * 32 * 32, normal, 'images');
const targets = filled(BATCH * 10, { kind: 'oneHot', classes: 10 }, 'targets');

interface Setup {
  readonly plan: Plan;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly inputs: RunInputs;
}

const setups: { readonly [title: string]: Setup } = {
  training: {
    plan: trainingPlan(graph, { batch: BATCH, optimizer: sgd, clipNorm: 1, averageDecay: true }),
    weights: testWeights(graph),
    inputs: { images, targets },
  },
  inference: {
    plan: inferencePlan(graph, { batch: BATCH }),
    weights: foldWeights(graph, testWeights(graph)),
    inputs: { images },
  },
};

/** All visible results of some runs from the same start: the outputs of each, and the persistent tensors at the end. */
async function bits(program: Program, { plan, weights, inputs }: Setup): Promise<{ [what: string]: Buffer }> {
  const persistent = plan.tensors.filter(({ role }) => persistentRoles.has(role));
  for (const { name, dims } of persistent) {
    const size = dims.reduce((product, dim) => product * dim, 1);
    await program.write(name, weights.get(name) ?? new Float32Array(size));
  }
  const seen: { [what: string]: Buffer } = {};
  for (let step = 0; step < RUNS; step++) {
    const outputs = await program.run(inputs, { learningRate: 0.1, step, averageDecay: 0.9 });
    for (const [name, values] of Object.entries(outputs)) seen[`${name} of run ${step}`] = Buffer.from(values.buffer);
  }
  for (const { name } of persistent) seen[name] = Buffer.from((await program.read(name)).buffer);
  return seen;
}

function differing(one: { [what: string]: Buffer }, other: { [what: string]: Buffer }): string[] {
  return Object.keys(one).filter((what) => !one[what]!.equals(other[what]!));
}

const { available, reason } = onednnStatus();

describe.runIf(available)('the same bits come', () => {
  for (const [title, setup] of Object.entries(setups)) {
    for (const threads of [1, 2, 3]) {
      it(
        `from ${title} again, and from a program with the same tuning, on ${threads} threads`,
        { timeout: 120_000 },
        async () => {
          const engine = createOnednnEngine({ threads });
          const program = await engine.compile(setup.plan);
          const once = await bits(program, setup);
          expect(Object.keys(once).length).toBeGreaterThan(RUNS);
          expect(differing(once, await bits(program, setup))).toEqual([]);
          const other = await engine.compile(setup.plan, { tuning: program.tuning });
          expect(other.tuning).toEqual(program.tuning);
          expect(differing(once, await bits(other, setup))).toEqual([]);
          await Promise.all([program.dispose(), other.dispose()]);
        },
      );
    }
  }
});

describe.runIf(!available)('without the addon', () => {
  it('gives the same bits', ({ skip }) => {
    skip(`the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`);
  });
});
