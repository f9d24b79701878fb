import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferencePlan, trainingPlan, type Plan } from '../../plan/index.js';
import { conformanceCases } from '../conformance-cases.js';
import { smallNetworks } from '../conformance/networks.js';
import { sgd } from '../conformance/trials.js';
import { onednnStatus } from './index.js';
import { addonPath } from './native.js';

const child = fileURLToPath(new URL('testing/fuzz-child.js', import.meta.url));
const MUTATIONS = 5000;

/** Mostly single calls, in which a mutation has much effect, and a few whole networks. */
function goodPlans(): Plan[] {
  const calls = Object.values(conformanceCases).flatMap((cases) => cases.map(({ plan }) => plan));
  const networks = smallNetworks.flatMap(({ graph, batch }) => [
    trainingPlan(graph, { batch, optimizer: sgd, clipNorm: 1, averageDecay: true, seed: 1 }),
    inferencePlan(graph, { batch }),
  ]);
  return [...calls, ...networks];
}

const { available, reason } = onednnStatus();

describe.runIf(available)('the addon', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rectio-fuzz-'));
    writeFileSync(join(folder, 'plans.json'), JSON.stringify(goodPlans()));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'carries out any plan or refuses it with a message, and never takes the process down',
    { timeout: 300_000 },
    () => {
      const [plans, progress] = [join(folder, 'plans.json'), join(folder, 'progress')];
      const { status, signal, stdout, stderr } = spawnSync(
        process.execPath,
        [child, addonPath, plans, progress, '0', String(MUTATIONS)],
        { encoding: 'utf8', timeout: 280_000, killSignal: 'SIGKILL' },
      );
      const at = `mutation ${readFileSync(progress, 'utf8').trim()}`;
      expect({ status, signal, stderr, at }).toEqual({ status: 0, signal: null, stderr: '', at });
      const { ran, refused, messages } = JSON.parse(stdout) as { ran: number; refused: number; messages: number };
      expect(ran).toBeGreaterThan(MUTATIONS / 5);
      expect(refused).toBeGreaterThan(MUTATIONS / 5);
      // The refusals have many different reasons.
      expect(messages).toBeGreaterThan(100);
    },
  );
});

describe.runIf(!available)('without the addon', () => {
  it('carries out any plan or refuses it', ({ skip }) => {
    skip(`the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`);
  });
});
