import { describe, expect, it } from 'vitest';
import { failure } from '../testing/failure.js';
import { applyRatio, parseShares, printShare } from './index.js';
import { createModel } from '../zoo/index.js';

const written = (text: string) => parseShares(text).map(printShare).join(',');

describe('a proportion in one text', () => {
  it.each([
    ['2:1', [{ ratio: { convolutions: 2, activations: 1 }, pattern: '01' }]],
    ['2:1@10', [{ ratio: { convolutions: 2, activations: 1 }, pattern: '10' }]],
    [
      ' stage1 = 1:1 , stage2-4=3:2@110',
      [
        { stages: 'stage1', ratio: { convolutions: 1, activations: 1 }, pattern: '1' },
        { stages: 'stage2-4', ratio: { convolutions: 3, activations: 2 }, pattern: '110' },
      ],
    ],
    [
      '3:1,layer1=1:1',
      [
        { ratio: { convolutions: 3, activations: 1 }, pattern: '001' },
        { stages: 'layer1', ratio: { convolutions: 1, activations: 1 }, pattern: '1' },
      ],
    ],
  ])('is read: %o', (text, shares) => {
    expect(parseShares(text)).toEqual(shares);
  });

  it('is printed as it can be read again, without patterns that go without saying', () => {
    for (const text of ['2:1', '2:1@10', 'stage1=1:1,stage2-4=3:2@110', '4:3,layer1=2:1']) {
      expect(written(text)).toBe(text);
    }
    expect(written('2:1@01')).toBe('2:1');
  });

  it.each([
    ['2:1,', 'comma', 'comma'],
    [',', 'comma', 'comma'],
    ['2:1,3:2', 'two ratios for all stages, 2:1 and 3:2', 'stage1=1:1'],
    ['stage1=', "'stage1=' lacks a ratio", 'stage1=1:1'],
    ['=2:1', "'=2:1' lacks a stage", 'stage1=1:1'],
    ['stage1:2:1', "'stage1:2:1' is not a ratio", 'Did you mean stage1=2:1?'],
    ['stage1 2:1', "'stage1 2:1' is not a ratio", 'Did you mean stage1=2:1?'],
    ['stage1=1:2', 'more activations than convolutions', 'Did you mean 2:1?'],
    ['stage1=stage2=2:1', "'stage2=2:1' is not a ratio", 'N:M'],
    ['2:1@', "'' is not a pattern", '01 for 2:1'],
    ['2:1@110', '110 is one of 3:2', '01 for 2:1'],
    ['@10', "'' is not a ratio", 'N:M'],
    ['10', "'10' is not a ratio", '10:1'],
  ])('is refused if it is %o', (text, problem, hint) => {
    const error = failure(() => parseShares(text));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(problem);
    expect(error.hint).toContain(hint);
  });
});

describe('a pattern besides the ratio', () => {
  const model = createModel('resnet20');

  it('fits one ratio for the whole network', () => {
    expect(applyRatio(model, { ratio: '2:1', pattern: '10' })).toEqual(applyRatio(model, { ratio: '2:1@10' }));
  });

  it.each(['2:1@10', 'stage1=2:1'])('is refused where the text has place for it: %s', (ratio) => {
    const error = failure(() => applyRatio(model, { ratio, pattern: '10' }));
    expect(error.code).toBe('usage');
    expect(error.hint).toContain('2:1@10');
  });
});
