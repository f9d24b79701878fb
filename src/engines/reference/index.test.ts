import { describe, expect, it } from 'vitest';
import { smallNetworks } from '../conformance/networks.js';
import { sgd, stepsTrial } from '../conformance/trials.js';
import { createReferenceEngine } from './index.js';

describe('a step of the reference engine that takes long', () => {
  /** Takes some hundred milliseconds: long enough for pauses within the step. */
  const { plan, inputs, persistent, runs } = stepsTrial({ ...smallNetworks[0]!, batch: 24 }, sgd);

  it('lets timers run', async () => {
    const program = await createReferenceEngine().compile(plan);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    await program.run(inputs, runs[0]!);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('keeps calls made meanwhile behind it', async () => {
    const program = await createReferenceEngine().compile(plan);
    for (const [name, data] of persistent) await program.write(name, data);
    const running = program.run(inputs, runs[0]!);
    const reading = program.read('velocity:fc.weight');
    await running;
    expect(await reading).toEqual(await program.read('velocity:fc.weight'));
  });
});
