import { describe, expect, it } from 'vitest';
import { failure } from '../testing/failure.js';
import { findModels } from './find.js';
import { modelNames } from './index.js';

describe('finding networks by part of their name', () => {
  it.each([
    ['plain', ['plain20', 'plain32', 'plain44', 'plain56']],
    ['plain5*', ['plain56']],
    ['plain?4', ['plain44']],
    ['Resnet29-Bottleneck', ['resnet29_bottleneck']],
  ])('%s', (pattern, names) => {
    expect(findModels(pattern)).toEqual(names);
  });

  it('returns all of them for a pattern that matches everything', () => {
    expect(findModels('*')).toEqual(modelNames);
    expect(findModels('')).toEqual(modelNames);
  });

  it('suggests the nearest names if none matches', () => {
    expect(failure(() => findModels('plian44'))).toMatchObject({ code: 'usage', hint: 'Did you mean plain44?' });
    expect(failure(() => findModels('plian2*')).hint).toContain('plain20');
    expect(failure(() => findModels('transformer')).hint).toBe('Leave out the pattern to see all networks.');
  });
});
