import { describe, expect, it } from 'vitest';

import { nameFlags } from './setting-names.js';

describe('an error on the command line', () => {
  it.each([
    ['Name the folder with `data.dir`.', 'Name the folder with --data-dir.'],
    ['Give `weights.file` as well.', 'Give --weights as well.'],
    ['Choose `optimizer.kind` again.', 'Choose --optimizer again.'],
    ['Clip gradients (`clipNorm: 1`).', 'Clip gradients (--clip-norm 1).'],
    ['Go on with: `resume: runs/a b`', 'Go on with: npx rectio train --resume runs/a b'],
    ['The setting `schedule.peakAt` cannot be 0.', 'The setting `schedule.peakAt` cannot be 0.'],
    ['Run `npm run setup` first.', 'Run `npm run setup` first.'],
    ['The setting `epochs` cannot be "`".', 'The setting --epochs cannot be "`".'],
  ])('names flags: %s', (text, typed) => {
    expect(nameFlags(text)).toBe(typed);
  });
});
