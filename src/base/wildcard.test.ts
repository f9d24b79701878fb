import { describe, expect, it } from 'vitest';
import { matching } from './wildcard.js';
import { cpuTime } from '../testing/cpu-time.js';

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

  it('takes a time that grows with the lengths, however many stars it has', () => {
    const before = cpuTime();
    const long = 'a'.repeat(5000);
    expect(matching('*a*a*a*a*a*a*a*a*b', [long, `${long}b`])).toEqual([`${long}b`]);
    expect(matching(`${'*a'.repeat(50)}*b`, [long])).toEqual([]);
    expect(matching('a*?b*?c', ['axbyc', 'abc', 'aabbcc'])).toEqual(['axbyc', 'aabbcc']);
    expect(cpuTime() - before).toBeLessThan(1000);
  });

  it('may contain special characters of regular expressions', () => {
    const odd = ['a(b', 'a[0]', 'a\\d', 'a$', 'a+', 'a{2}', '^a', 'a|b'];
    for (const name of odd) expect(matching(name, odd)).toEqual([name]);
  });
});
