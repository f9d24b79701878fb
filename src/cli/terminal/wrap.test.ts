import { describe, expect, it } from 'vitest';

import { wrapText } from './wrap.js';

describe('wrapping', () => {
  const prose = 'On resnet20, with 5 paired seeds: 2:1 is worse than 1:1 (+2.95 [+2.19, +3.71] points).';

  it.each([20, 40, 80, 120])('fits prose into %i columns and loses no word', (width) => {
    const wrapped = wrapText(prose, width);
    for (const line of wrapped.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    expect(wrapped.split(/\s+/)).toEqual(prose.split(' '));
  });

  it('keeps indents, short lines, and words that are too long', () => {
    expect(wrapText('  one two three\nfour', 9)).toBe('  one two\n  three\nfour');
    expect(wrapText('report: studies/a/very/long/path/index.html now', 20)).toBe(
      'report:\nstudies/a/very/long/path/index.html\nnow',
    );
  });

  it('does not part a number from its %', () => {
    expect(wrapText('the test error is 89.84 % so far', 23)).toBe('the test error is\n89.84 % so far');
  });

  it('leaves commands on one line, so that they can be copied', () => {
    const text = 'Go on with: npx rectio compare --study studies/resnet20';
    expect(wrapText(text, 20)).toBe(text);
  });
});
