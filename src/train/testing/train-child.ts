/**
 * A training in a process of its own, to be killed: `node train-child.js RUN begin|resume ENGINE EPOCHS`. Says what
 * happens.
 */

import { openEngine } from '../../engines/registry.js';
import { tinyOptions, trainParts } from './tiny.js';

const [, , run = '', how, name = '', epochs] = process.argv;
const engine = await openEngine(name, { threads: 2 });
const settings = {
  epochs: Number(epochs),
  data: { workers: 1 },
  averageDecay: 0.9,
  transforms: { mixup: 0.3 },
  checkpoint: { everySteps: 2 },
  log: { everySteps: 1 },
};
for await (const event of trainParts({ ...tinyOptions(run, settings), engine, resume: how === 'resume' })) {
  process.stdout.write(`${event.type} ${'step' in event ? event.step : ''}\n`);
}
