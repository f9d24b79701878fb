import { describe, expect, it } from 'vitest';
import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { applyRatio, findSites, findUnits, nativeRatio, printRatio, proportionByBlock } from './index.js';

/** A network of equal blocks of 8 channels between a stem and a classifier. */
function network(blocks: number, block: (net: GraphBuilder, x: Value) => Value): Graph {
  const net = graphBuilder('family', [3, 16, 16]);
  let x = net.stem(() => net.convolution('conv', net.input, { outChannels: 8, kernel: 3, padding: 1 }));
  net.stage('stage', () => {
    for (let index = 0; index < blocks; index++) x = net.block(`${index}`, () => block(net, x));
  });
  net.head(() => net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', x)), { outFeatures: 10 }));
  return net.build();
}

interface Layer {
  readonly kernel?: 1 | 3;
  readonly channels?: number;
  readonly depthwise?: boolean;
}

const conv = (net: GraphBuilder, name: string, x: Value, { kernel = 3, channels, depthwise }: Layer = {}) => {
  const outChannels = channels ?? net.shape(x)[0]!;
  const groups = depthwise ? net.shape(x)[0]! : 1;
  return net.convolution(name, x, { outChannels, kernel, padding: (kernel - 1) / 2, groups });
};
const convRelu = (net: GraphBuilder, name: string, x: Value, layer: Layer = {}) =>
  net.relu(`relu${name}`, net.batchNorm(`bn${name}`, conv(net, `conv${name}`, x, layer)));

/** The gate of a squeeze-and-excitation (Hu et al. 2018) on x. */
const squeezeExcitation = (net: GraphBuilder, x: Value) =>
  net.scope('se', () => {
    let gate = conv(net, 'fc1', net.globalAveragePool('avgpool', x), { kernel: 1, channels: 4 });
    gate = conv(net, 'fc2', net.relu('activation', gate), { kernel: 1, channels: net.shape(x)[0]! });
    return net.multiply('gated', x, net.sigmoid('sigmoid', gate));
  });

/** The units and sites of one block, and the sites that 2:1 keeps with the scope `block`. */
function describeBlock(graph: Graph) {
  const own = ({ block }: { readonly block?: string }) => block === 'stage.1';
  const local = ({ name }: { readonly name: string }) => name.replace('stage.1.', '');
  const kept = applyRatio(graph, { ratio: '2:1', scope: 'block' }).report.sites.filter(
    (site) => own(site) && site.kept,
  );
  const native = nativeRatio(graph);
  return {
    units: findUnits(graph).filter(own).map(local),
    sites: findSites(graph).filter(own).map(local),
    kept: kept.map(local),
    native: native && printRatio(native),
  };
}

describe('units and sites, family by family', () => {
  it('depthwise-separable: both convolutions are units', () => {
    const block = (net: GraphBuilder, x: Value) =>
      convRelu(net, '2', convRelu(net, '1', x, { depthwise: true }), { kernel: 1 });
    expect(describeBlock(network(3, block))).toEqual({
      units: ['conv1', 'conv2'],
      sites: ['relu1', 'relu2'],
      kept: ['relu2'],
      native: '1:1',
    });
  });

  it('linear bottleneck: three convolutions to two activations', () => {
    const block = (net: GraphBuilder, x: Value) => {
      const wide = convRelu(net, '1', x, { kernel: 1, channels: 24 });
      const y = convRelu(net, '2', wide, { depthwise: true });
      return net.add('add', x, net.batchNorm('bn3', conv(net, 'conv3', y, { kernel: 1, channels: 8 })));
    };
    expect(describeBlock(network(3, block))).toEqual({
      units: ['conv1', 'conv2', 'conv3'],
      sites: ['relu1', 'relu2'],
      kept: ['relu2'],
      native: '3:2',
    });
  });

  it('squeeze-and-excitation: its convolutions and activations only weigh channels', () => {
    const block = (net: GraphBuilder, x: Value) => {
      const y = squeezeExcitation(net, convRelu(net, '1', x));
      return net.relu('relu2', net.add('add', x, net.batchNorm('bn2', conv(net, 'conv2', y))));
    };
    expect(describeBlock(network(3, block))).toEqual({
      units: ['conv1', 'conv2'],
      sites: ['relu1', 'relu2'],
      kept: ['relu2'],
      native: '1:1',
    });
  });

  it('squeeze-and-excitation in front of the activation', () => {
    const block = (net: GraphBuilder, x: Value) => net.hardSwish('act', squeezeExcitation(net, conv(net, 'conv', x)));
    const { units, sites } = describeBlock(network(3, (net, x) => convRelu(net, '2', block(net, x))));
    expect(units).toEqual(['conv', 'conv2']);
    expect(sites).toEqual(['act', 'relu2']);
  });

  it('ConvNeXt: three convolutions to one activation', () => {
    const block = (net: GraphBuilder, x: Value) => {
      const y = net.layerNorm('norm', conv(net, 'dwconv', x, { depthwise: true }));
      const wide = net.gelu('gelu', conv(net, 'pwconv1', y, { kernel: 1, channels: 32 }));
      const scaled = net.scale('layer_scale', conv(net, 'pwconv2', wide, { kernel: 1, channels: 8 }));
      return net.add('add', x, net.stochasticDepth('depth', scaled, { rate: 0.1 }));
    };
    const graph = network(3, block);
    expect(findUnits(graph).filter(({ block: of }) => of === 'stage.1')).toHaveLength(3);
    expect(findSites(graph).map(({ name }) => name)).toEqual([0, 1, 2].map((index) => `stage.${index}.gelu`));
    expect(nativeRatio(graph)).toEqual({ convolutions: 3, activations: 1 });
  });

  it('pre-activation: the ReLU in front of each convolution, and none behind the last addition', () => {
    const block = (net: GraphBuilder, x: Value) => {
      const y = conv(net, 'conv1', net.relu('relu1', net.batchNorm('bn1', x)));
      return net.add('add', x, conv(net, 'conv2', net.dropout('drop', net.relu('relu2', net.batchNorm('bn2', y)))));
    };
    expect(describeBlock(network(3, block))).toEqual({
      units: ['conv1', 'conv2'],
      sites: ['relu1', 'relu2'],
      kept: ['relu2'],
      native: '1:1',
    });
    const net = graphBuilder('last', [8, 8, 8]);
    net.relu(
      'relu',
      net.batchNorm(
        'bn',
        net.block('0', () => block(net, net.input)),
      ),
    );
    expect(findSites(net.build()).map(({ name }) => name)).toEqual(['0.relu2']);
  });

  it('PyramidNet: two convolutions to one activation, the one between them', () => {
    const block = (net: GraphBuilder, x: Value) => {
      const y = net.relu('relu', net.batchNorm('bn2', conv(net, 'conv1', net.batchNorm('bn1', x))));
      return net.add('add', x, net.batchNorm('bn3', conv(net, 'conv2', y)));
    };
    const graph = network(3, block);
    expect(findSites(graph).map(({ name }) => name)).toEqual([0, 1, 2].map((index) => `stage.${index}.relu`));
    expect(nativeRatio(graph)).toEqual({ convolutions: 2, activations: 1 });
  });

  it('dense: layers follow one another, whatever else a concatenation joins', () => {
    const layer = (net: GraphBuilder, x: Value) => {
      const y = conv(net, 'conv1', net.relu('relu1', net.batchNorm('norm1', x)), { kernel: 1 });
      const grown = conv(net, 'conv2', net.relu('relu2', net.batchNorm('norm2', y)), { channels: 4 });
      return net.concat('concat', x, grown);
    };
    const graph = network(3, layer);
    expect(describeBlock(graph).sites).toEqual(['relu1', 'relu2']);
    const { report } = applyRatio(graph, { ratio: '4:1' });
    expect(report.sites.map(({ kept }) => (kept ? '1' : '0')).join('')).toBe('000100');
  });

  it('Inception: each branch is a chain of its own, and the next block goes on behind the longest', () => {
    const block = (net: GraphBuilder, x: Value) =>
      net.concat(
        'concat',
        convRelu(net, 'a', x, { kernel: 1 }),
        convRelu(net, 'b2', convRelu(net, 'b1', x, { kernel: 1 })),
        convRelu(net, 'c3', convRelu(net, 'c2', convRelu(net, 'c1', x, { kernel: 1 }))),
        convRelu(net, 'd', net.maxPool('pool', x, { kernel: 3, stride: 1, padding: 1 }), { kernel: 1, channels: 4 }),
      );
    const graph = network(3, block);
    expect(describeBlock(graph)).toMatchObject({ native: '1:1', kept: ['relua', 'relub2', 'reluc2'] });
    const kept = (options: Parameters<typeof applyRatio>[1]) => {
      const { sites } = applyRatio(graph, options).report;
      return sites.map(({ kept: stays }) => (stays ? '1' : '0')).join('');
    };
    // Sites in forward order: a, b1, b2, c1, c2, c3, d at the places 0, 0, 1, 0, 1, 2, 0; three more in each next block. The
    // longest branch, c, is first to take what its place gives; a and d keep the amounts.
    expect(kept({ ratio: '3:1', scope: 'block' })).toBe(['1', '00', '001', '0'].join('').repeat(3));
    expect(kept({ pattern: '10' })).toBe(
      [
        ['0', '10', '101', '1'],
        ['0', '01', '010', '1'],
        ['0', '10', '101', '1'],
      ]
        .flat()
        .join(''),
    );
    expect(kept({ ratio: '7:1', scope: 'block' }).replaceAll('0', '')).toBe('111');
    const error = () => applyRatio(graph, { ratio: '8:1', scope: 'block' });
    expect(error).toThrow('7 sites in its largest block');
  });

  it('ShuffleNet: branches side by side, the halves of a split one behind the other', () => {
    const unit = (net: GraphBuilder, x: Value) => {
      const half = net.shape(x)[0]! / 2;
      const kept = net.sliceChannels('kept', x, { start: 0, count: half });
      const y = convRelu(net, '1', net.sliceChannels('worked', x, { start: half, count: half }), { kernel: 1 });
      const deep = net.batchNorm('bn2', conv(net, 'conv2', y, { depthwise: true }));
      return net.channelShuffle('shuffle', net.concat('concat', kept, convRelu(net, '3', deep, { kernel: 1 })), {
        groups: 2,
      });
    };
    expect(describeBlock(network(3, unit))).toEqual({
      units: ['conv1', 'conv2', 'conv3'],
      sites: ['relu1', 'relu3'],
      kept: ['relu3'],
      native: '3:2',
    });
  });

  it('a network of both orders: each activation belongs where it is connected', () => {
    const net = graphBuilder('both', [8, 16, 16]);
    const x = net.maxPool('pool', convRelu(net, '0', net.input), { kernel: 2 });
    const y = conv(net, 'conv1', net.relu('relu1', net.batchNorm('bn1', x)));
    net.relu('last', net.batchNorm('bnlast', net.add('add', x, y)));
    expect(findSites(net.build()).map(({ name }) => name)).toEqual(['relu0', 'relu1']);
  });
});

describe('the proportion block by block', () => {
  it('counts convolutions, sites and kept ones of the blocks, of stem and head', () => {
    const graph = network(2, (net, x) => convRelu(net, '2', convRelu(net, '1', x)));
    const { graph: rewritten, report } = applyRatio(graph, { ratio: '2:1' });
    const blocks = proportionByBlock(graph, report);
    expect(blocks).toEqual([
      { name: 'stem', part: 'stem', convolutions: 1, sites: 0, kept: 0 },
      { name: 'stage.0', stage: 'stage', block: 'stage.0', part: 'body', convolutions: 2, sites: 2, kept: 1 },
      { name: 'stage.1', stage: 'stage', block: 'stage.1', part: 'body', convolutions: 2, sites: 2, kept: 1 },
    ]);
    expect(proportionByBlock(rewritten, report)).toEqual(blocks);
  });
});

describe('the native ratio', () => {
  it('is that of the kind of block that appears most often', () => {
    let index = 0;
    const graph = network(5, (net, x) => {
      const one = convRelu(net, '1', x);
      return index++ < 2 ? one : conv(net, 'conv2', one);
    });
    expect(nativeRatio(graph)).toEqual({ convolutions: 2, activations: 1 });
  });

  it('is that of the stages where there are no blocks, or else that of the whole', () => {
    const net = graphBuilder('stages', [3, 8, 8]);
    const x = net.stage('a', () => convRelu(net, '1', conv(net, 'first', net.input)));
    net.stage('b', () => convRelu(net, '1', conv(net, 'first', x)));
    expect(nativeRatio(net.build())).toEqual({ convolutions: 2, activations: 1 });
    const chain = graphBuilder('chain', [3, 8, 8]);
    convRelu(chain, '2', conv(chain, 'b', convRelu(chain, '1', chain.input)));
    expect(nativeRatio(chain.build())).toEqual({ convolutions: 3, activations: 2 });
  });

  it('is none where no convolution has an activation', () => {
    const net = graphBuilder('linear', [3, 8, 8]);
    net.linear('fc', net.flatten('flatten', conv(net, 'conv', net.input)), { outFeatures: 2 });
    expect(nativeRatio(net.build())).toBeUndefined();
  });
});
