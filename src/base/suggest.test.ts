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
  const options = [
    '--batch',
    '--data',
    '--data-dir',
    '--lr',
    '--weight-decay',
    '--epochs',
    '--workers',
    '--ema',
    '--run',
  ];
  it.each([
    ['--learning-rate', '--lr'],
    ['--batch_size', '--batch'],
    ['--bs', '--batch'],
    ['--wd', '--weight-decay'],
    ['--num-epochs', '--epochs'],
    ['--num_workers', '--workers'],
    ['--dataset', '--data'],
    ['--data-path', '--data-dir'],
    ['--model-ema', '--ema'],
    ['--output-dir', '--run'],
  ])('knows that %s is called %s here', (typed, meant) => {
    expect(didYouMean(typed, options)).toBe(`Did you mean ${meant}?`);
  });

  it('names the nearest, or else all valid names', () => {
    expect(didYouMean('plain21', models)).toBe('Did you mean plain20?');
    expect(didYouMean('x', ['train', 'test'])).toBe('Valid are: train, test.');
  });
});
