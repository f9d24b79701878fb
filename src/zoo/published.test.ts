import { describe, expect, it } from 'vitest';

import { elements, graphParameters } from '../graph/index.js';
import { createModel, modelNames } from './index.js';
import { isLeftOut, publishedParameter } from './published.js';

describe('published entries', () => {
  it.each(modelNames)('hold every parameter of %s once, with all of its values', (name) => {
    const parameters = graphParameters(createModel(name));
    const published = parameters.map((parameter) => publishedParameter(name, parameter));
    expect(new Set(published.map((entry) => entry.name)).size).toBe(parameters.length);
    expect(published.map(({ shape }) => elements(shape))).toEqual(parameters.map(({ shape }) => elements(shape)));
    expect(published.filter((entry) => isLeftOut(name, entry.name))).toEqual([]);
  });

  it('have our own names and shapes if the network has no rule, even if it is named like an object property', () => {
    const [weight] = graphParameters(createModel('resnet18'));
    for (const model of ['resnet18', 'my-network', 'toString', '__proto__']) {
      expect(publishedParameter(model, weight!)).toEqual({ name: 'conv1.weight', shape: [64, 3, 7, 7] });
    }
  });

  it('of ConvNeXt scale layers by a bare parameter and store 1×1 convolutions as linear layers', () => {
    const parameters = graphParameters(createModel('convnext_tiny'));
    const entry = (name: string) =>
      publishedParameter(
        'convnext_tiny',
        parameters.find((parameter) => parameter.name === name)!,
      );
    const block = 'features.3.0';
    expect(entry(`${block}.layer_scale.weight`)).toEqual({ name: `${block}.layer_scale`, shape: [192, 1, 1] });
    expect(entry(`${block}.block.0.weight`)).toEqual({ name: `${block}.block.0.weight`, shape: [192, 1, 7, 7] });
    expect(entry(`${block}.block.3.weight`)).toEqual({ name: `${block}.block.3.weight`, shape: [768, 192] });
    expect(entry(`${block}.block.5.weight`)).toEqual({ name: `${block}.block.5.weight`, shape: [192, 768] });
    expect(entry(`${block}.block.5.bias`)).toEqual({ name: `${block}.block.5.bias`, shape: [192] });
    expect(entry('features.2.1.weight')).toEqual({ name: 'features.2.1.weight', shape: [192, 96, 2, 2] });
  });

  it("are left out on purpose if they are PyTorch's batch counters or auxiliary heads", () => {
    expect(isLeftOut('resnet18', 'layer1.0.bn1.num_batches_tracked')).toBe(true);
    expect(isLeftOut('resnet18', 'layer1.0.bn1.running_mean')).toBe(false);
    expect(isLeftOut('googlenet', 'aux1.conv.conv.weight')).toBe(true);
    expect(isLeftOut('inception_v3', 'AuxLogits.fc.bias')).toBe(true);
    expect(isLeftOut('resnet18', 'aux1.conv.conv.weight')).toBe(false);
    expect(isLeftOut('toString', 'aux1.conv.conv.weight')).toBe(false);
  });
});
