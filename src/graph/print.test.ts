import { describe, expect, it } from 'vitest';
import { applyRatio } from '../proportion/index.js';
import { createModel } from '../zoo/index.js';
import { graphBuilder, printGraph } from './index.js';

describe('printing a graph', () => {
  it('shows every node with its attributes, shape and place', () => {
    const net = graphBuilder('tiny', [3, 8, 8]);
    let x = net.stem(() => net.convolution('conv1', net.input, { outChannels: 4, kernel: [3, 1], padding: [1, 0] }));
    x = net.stage('layer1', () => net.block('0', () => net.add('add', x, net.leakyRelu('act', x))));
    net.linear('fc', net.flatten('flatten', x), { outFeatures: 2 });
    expect(printGraph(net.build())).toMatchInlineSnapshot(`
      "tiny
        input = input(shape 3×8×8): [3, 8, 8]
      stem
        conv1 = convolution(input, outChannels 4, kernel 3×1, stride 1×1, padding 1×0, dilation 1×1, groups 1, bias true): [4, 8, 8]
      stage layer1, block layer1.0
        layer1.0.act = leakyRelu(conv1, slope 0.01): [4, 8, 8]
        layer1.0.add = add(conv1, layer1.0.act): [4, 8, 8]
      -
        flatten = flatten(layer1.0.add): [256]
        fc = linear(flatten, outFeatures 2, bias true): [2]
      "
    `);
  });

  it('shows what a ratio has changed', () => {
    const { graph } = applyRatio(createModel('resnet20'), { ratio: '2:1' });
    expect(printGraph(graph).split('\n').slice(0, 26).join('\n')).toMatchInlineSnapshot(`
      "resnet20
        input = input(shape 3×32×32): [3, 32, 32]
      stem
        conv1 = convolution(input, outChannels 16, kernel 3×3, stride 1×1, padding 1×1, dilation 1×1, groups 1, bias false): [16, 32, 32]
        bn1 = batchNorm(conv1, epsilon 0.00001, momentum 0.1): [16, 32, 32]
        relu = relu(bn1): [16, 32, 32]
      stage layer1, block layer1.0
        layer1.0.conv1 = convolution(relu, outChannels 16, kernel 3×3, stride 1×1, padding 1×1, dilation 1×1, groups 1, bias false): [16, 32, 32]
        layer1.0.bn1 = batchNorm(layer1.0.conv1, epsilon 0.00001, momentum 0.1): [16, 32, 32]
        layer1.0.relu1 = identity(layer1.0.bn1): [16, 32, 32]
        layer1.0.conv2 = convolution(layer1.0.relu1, outChannels 16, kernel 3×3, stride 1×1, padding 1×1, dilation 1×1, groups 1, bias false): [16, 32, 32]
        layer1.0.bn2 = batchNorm(layer1.0.conv2, epsilon 0.00001, momentum 0.1): [16, 32, 32]
        layer1.0.add = add(layer1.0.bn2, relu): [16, 32, 32]
        layer1.0.relu2 = relu(layer1.0.add): [16, 32, 32]
      stage layer1, block layer1.1
        layer1.1.conv1 = convolution(layer1.0.relu2, outChannels 16, kernel 3×3, stride 1×1, padding 1×1, dilation 1×1, groups 1, bias false): [16, 32, 32]
        layer1.1.bn1 = batchNorm(layer1.1.conv1, epsilon 0.00001, momentum 0.1): [16, 32, 32]
        layer1.1.relu1 = identity(layer1.1.bn1): [16, 32, 32]
        layer1.1.conv2 = convolution(layer1.1.relu1, outChannels 16, kernel 3×3, stride 1×1, padding 1×1, dilation 1×1, groups 1, bias false): [16, 32, 32]
        layer1.1.bn2 = batchNorm(layer1.1.conv2, epsilon 0.00001, momentum 0.1): [16, 32, 32]
        layer1.1.add = add(layer1.1.bn2, layer1.0.relu2): [16, 32, 32]
        layer1.1.relu2 = relu(layer1.1.add): [16, 32, 32]
      stage layer1, block layer1.2
        layer1.2.conv1 = convolution(layer1.1.relu2, outChannels 16, kernel 3×3, stride 1×1, padding 1×1, dilation 1×1, groups 1, bias false): [16, 32, 32]
        layer1.2.bn1 = batchNorm(layer1.2.conv1, epsilon 0.00001, momentum 0.1): [16, 32, 32]
        layer1.2.relu1 = identity(layer1.2.bn1): [16, 32, 32]"
    `);
  });
});
