/** A training in a process of its own, to be killed: `node train-child.js RUN begin|resume`. Says what happens. */

import { train } from '../train.js';
import { tinyOptions } from './tiny.js';

const [, , run = '', how] = process.argv;
const settings = {
  epochs: 6,
  data: { workers: 1 },
  averageDecay: 0.9,
  transforms: { mixup: 0.3 },
  checkpoint: { everySteps: 2 },
  log: { everySteps: 1 },
};
for await (const event of train({ ...tinyOptions(run, settings), resume: how === 'resume' })) {
  process.stdout.write(`${event.type} ${'step' in event ? event.step : ''}\n`);
}
