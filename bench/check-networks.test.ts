import { beforeAll, describe, expect, it } from 'vitest';

import { build } from '../src/cli/testing/rectio.js';
import { engineNames, openEngine } from '../src/engines/registry.js';
import { onednnStatus } from '../src/engines/onednn/index.js';
import { graphBuilder } from '../src/graph/index.js';
import { createModel, modelNames } from '../src/zoo/index.js';
import type * as Check from './check-networks.js';

let check: typeof Check;
beforeAll(async () => {
  build();
  check = await import('./check-networks.js');
});

describe('every network', () => {
  it('is rewritten at every ratio as an independent count expects', () => {
    const wrong = modelNames.flatMap((name) => check.wrongRewrites(createModel(name)).map((each) => `${name} ${each}`));
    expect(wrong).toEqual([]);
  });
});

const engines = engineNames.filter((name) => name !== 'auto' && (name !== 'onednn' || onednnStatus().available));

describe.each(engines)('the %s engine', (engine) => {
  it.each(['nin', 'shufflenet_v2_x0_5'])('trains a step of %s', async (name) => {
    expect(await check.trainStep(check.smallest(name), await openEngine(engine))).toBeGreaterThan(0);
  });
});

it('a network whose loss is not finite is reported', async () => {
  const net = graphBuilder('steep', [3, 8, 8]);
  let x = net.flatten('flatten', net.input);
  for (let i = 0; i < 3; i++) x = net.scale(`scale${i}`, x, { initial: 1e30 });
  net.linear('fc', x, { outFeatures: 10 });
  await expect(check.trainStep(net.build(), await openEngine('reference'))).rejects.toThrow('the loss is');
});
