import { describe, expect, it } from 'vitest';
import { graphBuilder, type ActivationOp, type GraphBuilder, type Value } from '../graph/index.js';
import { createModel } from '../zoo/index.js';
import { findSites } from './index.js';

const names = (net: GraphBuilder) => findSites(net.build()).map((site) => `${site.part} ${site.name}`);
const body = (model: string) =>
  findSites(createModel(model))
    .filter((site) => site.part === 'body')
    .map((site) => site.name);
const conv = (net: GraphBuilder, name: string, x: Value) =>
  net.convolution(name, x, { outChannels: 4, kernel: 3, padding: 1 });

describe('the sites of the zoo', () => {
  it('of a residual block are the ReLU inside it and the one behind its addition', () => {
    expect(body('resnet20')).toEqual(
      [1, 2, 3].flatMap((layer) =>
        [0, 1, 2].flatMap((block) => [`layer${layer}.${block}.relu1`, `layer${layer}.${block}.relu2`]),
      ),
    );
  });

  it('of a bottleneck are its three ReLUs', () => {
    expect(body('resnet50').slice(0, 4)).toEqual([
      'layer1.0.relu1',
      'layer1.0.relu2',
      'layer1.0.relu3',
      'layer1.1.relu1',
    ]);
    expect(body('resnet50')).toHaveLength(3 * (3 + 4 + 6 + 3));
  });

  it('of a pre-activation block are the ReLUs in front of its convolutions; the last ReLU of the network is none', () => {
    expect(findSites(createModel('preresnet20'))).toHaveLength(18);
    expect(body('preresnet20').slice(0, 3)).toEqual(['layer1.0.relu1', 'layer1.0.relu2', 'layer1.1.relu1']);
    expect(body('preresnet164')).toHaveLength(162);
  });

  it('of a VGG are the ReLUs of all convolutions, the first one included', () => {
    expect(body('cifar_vgg16_bn')).toHaveLength(13);
    expect(body('cifar_vgg16_bn')[0]).toBe('stage1.relu1');
  });

  it('know their stage and block, and the stem apart', () => {
    const [stem, first] = findSites(createModel('resnet18'));
    expect(stem).toEqual({ name: 'relu', part: 'stem' });
    expect(first).toEqual({ name: 'layer1.0.relu1', stage: 'layer1', block: 'layer1.0', part: 'body' });
  });
});

describe('an activation is a site', () => {
  it.each([
    { kind: 'relu' },
    { kind: 'leakyRelu', slope: 0.1 },
    { kind: 'prelu', initialSlope: 0.25, perChannel: true },
    { kind: 'relu6' },
    { kind: 'silu' },
    { kind: 'gelu' },
  ] satisfies ActivationOp[])('if it is a $kind behind a convolution', (op) => {
    const net = graphBuilder('one', [3, 8, 8]);
    net.node('act', op, conv(net, 'conv', net.input));
    expect(names(net)).toEqual(['body act']);
  });

  it('also through norm, scale, dropout, identity and pooling', () => {
    const net = graphBuilder('chain', [3, 8, 8]);
    let x = net.scale('scale', net.batchNorm('bn', conv(net, 'conv', net.input)));
    x = net.maxPool('max', net.identity('same', net.dropout('drop', x)), { kernel: 2 });
    net.relu('relu', net.averagePool('average', x, { kernel: 2 }));
    expect(names(net)).toEqual(['body relu']);
  });

  it('once, if convolutions are joined in front of it', () => {
    const net = graphBuilder('joined', [3, 8, 8]);
    net.relu('relu', net.concat('concat', conv(net, 'left', net.input), conv(net, 'right', net.input)));
    expect(names(net)).toEqual(['body relu']);
  });

  it('in the head, if it stands behind a linear layer', () => {
    const net = graphBuilder('heads', [3, 8, 8]);
    const x = net.flatten('flatten', net.relu('relu', conv(net, 'conv', net.input)));
    const hidden = net.relu('hidden', net.dropout('drop', net.linear('fc1', x, { outFeatures: 8 })));
    net.linear('fc2', hidden, { outFeatures: 2 });
    expect(names(net)).toEqual(['body relu', 'head hidden']);
  });

  it('in the head, if a convolution there precedes it', () => {
    const net = graphBuilder('head', [3, 8, 8]);
    const x = net.relu('relu', conv(net, 'conv', net.input));
    net.head(() => net.relu('last', conv(net, 'mix', x)));
    expect(names(net)).toEqual(['body relu', 'head last']);
  });
});

describe('an activation is no site', () => {
  it('if it is a sigmoid, which is a gate or an output', () => {
    const net = graphBuilder('gate', [3, 8, 8]);
    net.sigmoid('gate', conv(net, 'conv', net.input));
    expect(names(net)).toEqual([]);
  });

  it('if there is another activation between the convolution and it', () => {
    const net = graphBuilder('twice', [3, 8, 8]);
    net.relu6('second', net.relu('first', conv(net, 'conv', net.input)));
    expect(names(net)).toEqual(['body first']);
  });

  it('if it stands on a shortcut, or only behind one', () => {
    const net = graphBuilder('shortcut', [4, 8, 8]);
    const beside = net.shortcut('downsample', () => net.relu('act', conv(net, '0', net.input)));
    const projected = net.shortcut('other', () => conv(net, '0', net.input));
    net.relu('relu', net.add('add', beside, projected));
    expect(names(net)).toEqual([]);
  });

  it('if it works on the image itself', () => {
    const net = graphBuilder('image', [4, 8, 8]);
    conv(net, 'conv', net.relu('relu', net.input));
    expect(names(net)).toEqual([]);
  });
});

describe('a pre-activation network', () => {
  it('is known by a norm and an activation behind a concatenation, too', () => {
    const net = graphBuilder('dense', [4, 8, 8]);
    let x = net.stem(() => net.relu('relu0', net.batchNorm('norm0', conv(net, 'conv0', net.input))));
    for (const layer of ['1', '2']) {
      const active = net.relu(`relu${layer}`, net.batchNorm(`norm${layer}`, x));
      x = net.concat(`concat${layer}`, x, conv(net, `conv${layer}`, net.dropout(`drop${layer}`, active)));
    }
    net.relu('relu3', net.batchNorm('norm3', x));
    expect(names(net)).toEqual(['stem relu0', 'body relu1', 'body relu2']);
  });

  it('has no site at an activation that only a shortcut uses', () => {
    const net = graphBuilder('projected', [4, 8, 8]);
    const sum = net.add('sum', conv(net, 'conv1', net.input), net.input);
    const main = conv(net, 'conv2', net.relu('relu1', net.batchNorm('bn1', sum)));
    const beside = net.relu('relu2', net.batchNorm('bn2', sum));
    net.add(
      'add',
      main,
      net.shortcut('downsample', () => conv(net, '0', beside)),
    );
    expect(names(net)).toEqual(['body relu1']);
  });
});
