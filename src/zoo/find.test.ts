import { describe, expect, it } from 'vitest';
import { failure } from '../testing/failure.js';
import { findModels } from './find.js';
import { modelNames } from './index.js';

describe('networks by a part of their name', () => {
  it.each([
    ['plain', ['plain20', 'plain32', 'plain44', 'plain56']],
    ['plain5*', ['plain56']],
    ['plain?4', ['plain44']],
    ['Resnet29-Bottleneck', ['resnet29_bottleneck']],
  ])('%s', (pattern, names) => {
    expect(findModels(pattern)).toEqual(names);
  });

  it('are all of them for a pattern that leaves everything open', () => {
    expect(findModels('*')).toEqual(modelNames);
    expect(findModels('')).toEqual(modelNames);
  });

  it('are refused with the nearest names where there are none', () => {
    expect(failure(() => findModels('plian44'))).toMatchObject({ code: 'usage', hint: 'Did you mean plain44?' });
    expect(failure(() => findModels('plian2*')).hint).toContain('plain20');
    expect(failure(() => findModels('transformer')).hint).toBe('Leave the pattern out to see all of them.');
  });
});
