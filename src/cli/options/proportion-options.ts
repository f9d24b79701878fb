/** The options that choose the proportion, shared by commands. */

import { choice, decimal, flag, list, text } from './options.js';

export const proportionOptions = {
  ratio: text('N:M', {
    help: 'of every N successive ReLUs keep M; 2:1@10 says which, stage1=1:1,stage2-4=3:2 differs by stage',
    standard: '1:1, the network as it is',
  }),
  pattern: text('BITS', { help: 'the ratio with positions: 1 keeps a ReLU, 0 drops it, so 01 is 2:1' }),
  scope: choice(['network', 'stage', 'block'], { help: 'where the pattern starts again', standard: 'network' }),
  drop: list('NAMES', {
    help: 'ReLUs to drop whatever the ratio, such as layer1.*.relu1; * stands for any characters',
    standard: 'none',
  }),
  leak: decimal(
    'SLOPE',
    { least: 0, most: 1 },
    { help: 'leaky ReLUs of this slope in place of dropped ones', standard: 'nothing in their place' },
  ),
  stem: flag("let the stem's ReLU take part (it stays otherwise)"),
  head: flag('let the ReLUs of fully connected layers take part (they stay otherwise)'),
};
