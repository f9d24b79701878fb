import { describe, expect, it } from 'vitest';

import { formatDuration, formatLarge, formatTable } from './table.js';

describe('formatTable', () => {
  it('pads columns to their widest cell and leaves nothing behind the last', () => {
    const columns = [{ title: 'name' }, { title: 'count', align: 'right' as const }, { title: 'note' }];
    expect(
      formatTable(columns, [
        ['a', '1,000,000', 'x'],
        ['longer', '5', ''],
      ]),
    ).toBe(
      ['name        count  note', '──────  ─────────  ────', 'a       1,000,000  x', 'longer          5'].join('\n'),
    );
  });
});

describe('a table on a narrow terminal', () => {
  const columns = [
    { title: 'ratio' },
    { title: 'pattern', spare: 1 },
    { title: 'test error, %', align: 'right' as const },
    { title: 'verdict' },
  ];
  const rows = [['1:1', '1', '13.37 ± 0.21', 'baseline'], null, ['2:1', '01', '16.32 ± 0.42', '']];
  const at = (width: number): string => formatTable(columns, rows, width);

  it('is the same where it fits', () => {
    expect(at(39)).toBe(formatTable(columns, rows));
  });

  it('leaves out the columns that are spare', () => {
    expect(at(38).split('\n')).toEqual([
      'ratio  test error, %  verdict',
      '─────  ─────────────  ────────',
      '1:1     13.37 ± 0.21  baseline',
      '─────  ─────────────  ────────',
      '2:1     16.32 ± 0.42',
    ]);
  });

  it('shows a line for each cell where nothing else fits, and loses none', () => {
    expect(at(25).split('\n')).toEqual([
      '1:1',
      '  pattern: 1',
      '  test error, %: 13.37 ±',
      '  0.21',
      '  verdict: baseline',
      '2:1',
      '  pattern: 01',
      '  test error, %: 16.32 ±',
      '  0.42',
    ]);
  });
});

describe('formatLarge', () => {
  it.each([
    [0, '', '0'],
    [999, '', '999'],
    [1000, '', '1.00 k'],
    [40_813_184, '', '40.8 M'],
    [125_750_000, '', '126 M'],
    [4.09e9, '', '4.09 G'],
    [296, 'B', '296 B'],
    [12_288, 'B', '12.3 kB'],
  ])('shows %d %s as %s', (value, unit, expected) => {
    expect(formatLarge(value, unit)).toBe(expected);
  });
});

describe('formatDuration', () => {
  it.each([
    [0.2, '0 s'],
    [59.4, '59 s'],
    [59.6, '1:00'],
    [3599, '59:59'],
    [3600, '1:00:00'],
    [-3, '0 s'],
  ])('shows %d seconds as %s', (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected);
  });
});
