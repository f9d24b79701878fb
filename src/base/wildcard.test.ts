import { describe, expect, it } from 'vitest';
import { matching } from './wildcard.js';

const names = ['layer1.0.relu1', 'layer1.0.relu2', 'layer1.10.relu1', 'layer10.0.relu1', 'layer1x0.relu1'];

describe('names that match a pattern', () => {
  it.each([
    ['layer1.*.relu1', ['layer1.0.relu1', 'layer1.10.relu1']],
    ['layer1.?.relu?', ['layer1.0.relu1', 'layer1.0.relu2']],
    ['layer1.0.relu2', ['layer1.0.relu2']],
    ['*', names],
    ['***', names],
    ['*relu2', ['layer1.0.relu2']],
    // The pattern must match the whole name, and a dot is literal.
    ['layer1', []],
    ['layer1.0', []],
    ['', []],
  ])('%s', (pattern, expected) => {
    expect(matching(pattern, names)).toEqual(expected);
  });

  it('may contain special characters of regular expressions', () => {
    const odd = ['a(b', 'a[0]', 'a\\d', 'a$', 'a+', 'a{2}', '^a', 'a|b'];
    for (const name of odd) expect(matching(name, odd)).toEqual([name]);
  });
});
