/**
 * The logits of each network in evaluation mode against those of its twin, the reference implementation. This
 * file compares the quick ones; `node bench/check-twins.js` compares all.
 */

import { describe, expect, it } from 'vitest';

import { chosenTwins, logitsError, tell, type RunStep } from '../testing/twins.js';
import { createOnednnEngine, onednnStatus } from './index.js';

const quick = [
  'resnet18',
  'squeezenet1_0',
  'mobilenet_v2',
  'mobilenet_v3_small',
  'shufflenet_v2_x0_5',
  'efficientnet_b0',
  'regnet_y_400mf',
  'convnext_tiny',
  'densenet_40_12',
  'nin',
];

const { available, reason } = onednnStatus();

describe.skipIf(!available)(`the onednn engine${available ? '' : ` (left out: ${reason})`}`, () => {
  const run: RunStep = async (plan, weights, inputs) => {
    const program = await createOnednnEngine().compile(plan);
    try {
      for (const [name, values] of weights) await program.write(name, values);
      return { outputs: new Map(Object.entries(await program.run(inputs, { step: 0 }))), persistent: new Map() };
    } finally {
      await program.dispose();
    }
  };

  it.each(chosenTwins(quick))('gives the logits of the twin of %s', async (name) => {
    const start = performance.now();
    const error = await logitsError(name, run);
    tell(name, 'logits   ', error, performance.now() - start);
    expect(error).toBeLessThan(1e-4);
  });
});
