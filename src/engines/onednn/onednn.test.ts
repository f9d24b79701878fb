import { describe, expect, it } from 'vitest';
import { RectioError } from '../../base/error.js';
import { graphBuilder } from '../../graph/index.js';
import { inferencePlan } from '../../plan/index.js';
import { describeConformance } from '../conformance.js';
import { conformanceCases } from '../conformance-cases.js';
import { deviations, KERNEL_TOLERANCE } from '../conformance/deviations.js';
import type { Fragment } from '../conformance/fragment.js';
import type { Engine, Tuning } from '../engine.js';
import { createOnednnEngine, onednnStatus } from './index.js';

const { available, reason } = onednnStatus();

/** The implementations that measuring chose here, and those that it may choose on other machines. */
async function implementationNames(engine: Engine, cases: readonly Fragment[]): Promise<string[]> {
  const names = new Set(['winograd/24', 'winograd/48', 'winograd/96', 'depthwise']);
  for (const { plan } of cases) {
    const program = await engine.compile(plan);
    for (const name of Object.values(program.tuning)) names.add(name);
    await program.dispose();
  }
  return [...names];
}

/** The deviations with the last call forced to one implementation; undefined if the call does not have it. */
async function forced(engine: Engine, row: Fragment, chosen: Tuning, name: string): Promise<string[] | undefined> {
  const { kind, node } = row.plan.calls.at(-1)!;
  const tuning = { ...chosen, [`${kind} ${node}`]: name };
  try {
    const found = await deviations(engine, row, KERNEL_TOLERANCE, { tuning });
    return found.map((sentence) => `${kind}, ${row.title}, ${name}: ${sentence}`);
  } catch (error) {
    if (error instanceof RectioError && error.message.includes(name)) return undefined;
    throw error;
  }
}

describe.runIf(available)('with the addon', () => {
  describeConformance('onednn', async () => createOnednnEngine({ threads: 2 }));

  it('computes what the reference does by every implementation that a convolution may be given', async () => {
    const engine = createOnednnEngine({ threads: 2 });
    const { convolution, convolutionDataGradient, convolutionWeightGradient } = conformanceCases;
    const rows = [...convolution, ...convolutionDataGradient, ...convolutionWeightGradient];
    const names = await implementationNames(engine, rows);
    const wrong: string[] = [];
    let tried = 0;
    for (const row of rows) {
      const program = await engine.compile(row.plan);
      await program.dispose();
      for (const name of names) {
        const found = await forced(engine, row, program.tuning, name);
        if (found) tried += 1;
        wrong.push(...(found ?? []));
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(rows.length);
  }, 300_000);

  it('refuses a map whose padded channels pass the size that oneDNN counts in', async () => {
    // 2²⁸ pixels of four channels are 2³⁰ values, but in blocks of 8 or 16 channels they are 2³¹ or more.
    const shape = [4, 2 ** 14, 2 ** 14] as const;
    const net = graphBuilder('large', shape);
    const map = net.convolution('conv', net.input, { outChannels: 4, kernel: 3, padding: 1, bias: false });
    net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', map)), { outFeatures: 2 });
    const compiling = createOnednnEngine({ threads: 2 }).compile(inferencePlan(net.build(), { batch: 1 }));
    await expect(compiling).rejects.toThrow('is too large');
  });
});

describe.runIf(!available)('without the addon', () => {
  it('passes the conformance suite', ({ skip }) => {
    skip(`the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`);
  });
});
