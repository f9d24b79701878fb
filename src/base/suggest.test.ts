import { describe, expect, it } from 'vitest';

import { didYouMean, nearest } from './suggest.js';

const models = ['resnet20', 'resnet110', 'plain20', 'cifar_vgg16_bn'];

describe('nearest', () => {
  it.each([
    ['resnet21', 'resnet20'],
    ['rsenet20', 'resnet20'],
    ['ResNet20', 'resnet20'],
    ['cifar-vgg16-bn', 'cifar_vgg16_bn'],
    ['cifar_vgg', 'cifar_vgg16_bn'],
  ])('finds what %s was meant to be: %s', (typed, meant) => {
    expect(nearest(typed, models)[0]).toBe(meant);
  });

  it('finds nothing if no name is near', () => {
    expect(nearest('mobilenet_v2', models)).toEqual([]);
  });

  it('returns at most the requested number, best first', () => {
    expect(nearest('ab', ['abcd', 'abc', 'ab'], 2)).toEqual(['ab', 'abc']);
  });
});

describe('didYouMean', () => {
  it('names the nearest, or else all valid names', () => {
    expect(didYouMean('plain21', models)).toBe('Did you mean plain20?');
    expect(didYouMean('x', ['train', 'test'])).toBe('Valid are: train, test.');
  });
});
