import { describe, expect, it } from 'vitest';
import { elements, graphParameters, inferShapes, verifyGraph, type Graph } from '../graph/index.js';
import { failure } from '../testing/failure.js';
import { createModel, leastSize, modelDefaults, modelNames } from './index.js';

const trainable = (graph: Graph): number =>
  graphParameters(graph)
    .filter((parameter) => parameter.trainable)
    .reduce((sum, parameter) => sum + elements(parameter.shape), 0);

const outputShape = (graph: Graph) => inferShapes(graph).get(graph.nodes.at(-1)!.name);

describe('the number of trainable parameters', () => {
  it.each([
    ['resnet20', {}, 272_474],
    ['resnet20', { shortcut: 'A' }, 269_722],
    // He et al. 2015 (table 6) give 0.46M, 0.66M, 0.85M and 1.7M with shortcut A.
    ['resnet32', { shortcut: 'A' }, 464_154],
    ['resnet44', { shortcut: 'A' }, 658_586],
    ['resnet56', { shortcut: 'A' }, 853_018],
    ['resnet110', { shortcut: 'A' }, 1_727_962],
    ['resnet29_bottleneck', {}, 313_114],
    // A plain network has as many parameters as the network with parameter-free shortcuts.
    ['plain20', {}, 269_722],
    ['plain56', {}, 853_018],
    // He et al. 2016 (table 4): 1.7M.
    ['preresnet164', {}, 1_703_258],
    // Zagoruyko and Komodakis 2016 (tables 2 and 4): 2.7M and 36.5M.
    ['wrn_16_4', {}, 2_748_890],
    ['wrn_28_10', {}, 36_479_194],
    // Han et al. 2017 (table 4): 1.7M and 3.8M.
    ['pyramidnet110_a48', {}, 1_739_730],
    ['pyramidnet110_a84', {}, 3_855_054],
    // With groups of 64, the same function gives 34.4M (8 groups) and 68.1M (16), as in Xie et al. 2017 (table 7).
    ['resnext29_8x16d', {}, 5_646_666],
    ['cifar_resnet18', {}, 11_173_962],
    ['cifar_vgg16_bn', {}, 14_724_042],
    // The authors' published widths: 0.97M.
    ['nin', {}, 966_986],
    // torchvision's model table, without the auxiliary classifiers of googlenet and inception_v3.
    ['alexnet', {}, 61_100_840],
    ['vgg11', {}, 132_863_336],
    ['vgg11_bn', {}, 132_868_840],
    ['vgg13', {}, 133_047_848],
    ['vgg13_bn', {}, 133_053_736],
    ['vgg16', {}, 138_357_544],
    ['vgg16_bn', {}, 138_365_992],
    ['vgg19', {}, 143_667_240],
    ['vgg19_bn', {}, 143_678_248],
    ['googlenet', {}, 6_624_904],
    ['inception_v3', {}, 23_834_568],
    ['squeezenet1_0', {}, 1_248_424],
    ['squeezenet1_1', {}, 1_235_496],
    ['shufflenet_v2_x0_5', {}, 1_366_792],
    ['shufflenet_v2_x1_0', {}, 2_278_604],
    ['shufflenet_v2_x1_5', {}, 3_503_624],
    ['shufflenet_v2_x2_0', {}, 7_393_996],
    ['densenet121', {}, 7_978_856],
    ['densenet161', {}, 28_681_000],
    ['densenet169', {}, 14_149_480],
    ['densenet201', {}, 20_013_928],
    // Huang et al. 2017 (table 2): 0.8M and 1.0M.
    ['densenet_bc_100_12', {}, 769_162],
    ['densenet_40_12', {}, 1_019_722],
    ['resnet18', {}, 11_689_512],
    ['resnet34', {}, 21_797_672],
    ['resnet50', {}, 25_557_032],
    // torchvision's model table.
    ['resnet101', {}, 44_549_160],
    ['resnet152', {}, 60_192_808],
    ['wide_resnet50_2', {}, 68_883_240],
    ['wide_resnet101_2', {}, 126_886_696],
    ['resnext50_32x4d', {}, 25_028_904],
    ['resnext101_32x8d', {}, 88_791_336],
    ['resnext101_64x4d', {}, 83_455_272],
    ['mobilenet_v2', {}, 3_504_872],
    ['mobilenet_v3_large', {}, 5_483_032],
    ['mobilenet_v3_small', {}, 2_542_856],
    ['mnasnet1_0', {}, 4_383_312],
    ['efficientnet_b0', {}, 5_288_548],
    ['efficientnet_b1', {}, 7_794_184],
    ['efficientnet_b2', {}, 9_109_994],
    ['efficientnet_b3', {}, 12_233_232],
    ['regnet_x_400mf', {}, 5_495_976],
    ['regnet_x_1_6gf', {}, 9_190_136],
    ['regnet_y_400mf', {}, 4_344_144],
    ['regnet_y_1_6gf', {}, 11_202_430],
    ['convnext_tiny', {}, 28_589_128],
    ['convnext_small', {}, 50_223_688],
    // timm's mobilenetv1_100.
    ['mobilenet_v1', {}, 4_231_976],
  ] as const)('of %s %o is %i', (name, options, count) => {
    expect(trainable(createModel(name, options))).toBe(count);
  });
});

describe.each(modelNames)('%s', (name) => {
  const graph = createModel(name);

  it('is well formed, carries its name and gives one logit for each class', () => {
    expect(() => verifyGraph(graph)).not.toThrow();
    expect(graph.name).toBe(name);
    expect(outputShape(graph)).toEqual([modelDefaults(name).classes]);
  });

  it('takes other image sizes, down to its stated minimum, and other numbers of classes', () => {
    const least = leastSize(name);
    const size = Math.max(28, least);
    for (const inputShape of [
      [1, size, size],
      [3, size + 36, size + 20],
      [3, least, least],
    ]) {
      const other = createModel(name, { inputShape, classes: 7 });
      expect(inferShapes(other).get('input')).toEqual(inputShape);
      expect(outputShape(other)).toEqual([7]);
    }
    if (least === 1) return;
    const error = failure(() => createModel(name, { inputShape: [3, least - 1, least] }));
    expect(error.code).toBe('usage');
    expect(error.hint).toContain(`at least ${least}×${least}`);
  });

  it('gives every node a place and a matching name', () => {
    const adrift = graph.nodes.filter(
      ({ op, place: { stage, block, role } }) =>
        op.kind !== 'input' && (block ?? stage) === undefined && role !== 'stem' && role !== 'head',
    );
    expect(adrift).toEqual([]);
    // Published names do not always contain the scope, but if one node's name does, its neighbors' names do too.
    const told = new Map<string, boolean>();
    for (const { name: node, place } of graph.nodes) {
      const scope = place.block ?? place.stage;
      if (scope === undefined) continue;
      const tells = node.startsWith(`${scope}.`);
      expect([node, told.get(scope) ?? tells]).toEqual([node, tells]);
      told.set(scope, tells);
    }
    const beside = graph.nodes.filter((node) => node.name.includes('downsample.'));
    expect(beside.filter(({ place }) => place.role !== 'shortcut')).toEqual([]);
  });
});

describe('the head', () => {
  // Its activation is then a site of the body in every family, also behind the last 1×1 convolution before the pooling.
  it.each(modelNames)('of %s has no convolution but the classifier itself', (name) => {
    const { nodes } = createModel(name);
    const layers = nodes.filter(({ op }) => op.kind === 'convolution' || op.kind === 'linear');
    const inHead = layers.filter(({ op, place }) => op.kind === 'convolution' && place.role === 'head');
    expect(inHead).toEqual(layers.slice(-1).filter(({ op }) => op.kind === 'convolution'));
  });
});

describe.each(modelNames.filter((name) => /^(cifar_|pre|wide_)?(resnet|resnext|plain|vgg|densenet)/.test(name)))(
  '%s',
  (name) => {
    it('has as many convolutions and linear layers on its main path as its name states', () => {
      const depth = Number(/\d+/.exec(name)![0]);
      const layers = createModel(name).nodes.filter(
        ({ op, place }) => (op.kind === 'convolution' || op.kind === 'linear') && place.role !== 'shortcut',
      );
      // The small VGG has one linear layer instead of three.
      expect(layers).toHaveLength(name.startsWith('cifar_vgg') ? depth - 2 : depth);
    });
  },
);

describe('the minimum image size', () => {
  it.each([
    ['resnet20', 1],
    ['cifar_vgg16_bn', 17],
    ['vgg16', 32],
    ['alexnet', 63],
    // As documented by torchvision.
    ['inception_v3', 75],
  ])('of %s are of %i pixels', (name, size) => {
    expect(leastSize(name)).toBe(size);
  });
});

it('every network is built in less than 50 ms', () => {
  const builtInTime = (name: string): boolean => {
    const start = performance.now();
    createModel(name);
    return performance.now() - start < 50;
  };
  // Ten attempts, because other load on the machine also takes time.
  const slow = modelNames.filter((name) => !Array.from({ length: 10 }).some(() => builtInTime(name)));
  expect(slow).toEqual([]);
});

describe('the state_dict of resnet20', () => {
  it('has the usual names in the usual order', () => {
    const bn = (name: string) => ['weight', 'bias', 'running_mean', 'running_var'].map((local) => `${name}.${local}`);
    const block = (name: string, projected: boolean) => [
      `${name}.conv1.weight`,
      ...bn(`${name}.bn1`),
      `${name}.conv2.weight`,
      ...bn(`${name}.bn2`),
      ...(projected ? [`${name}.downsample.0.weight`, ...bn(`${name}.downsample.1`)] : []),
    ];
    expect(graphParameters(createModel('resnet20')).map((parameter) => parameter.name)).toEqual([
      'conv1.weight',
      ...bn('bn1'),
      ...[1, 2, 3].flatMap((layer) => [0, 1, 2].flatMap((i) => block(`layer${layer}.${i}`, layer > 1 && i === 0))),
      'fc.weight',
      'fc.bias',
    ]);
  });
});

describe('the state_dict of resnet50', () => {
  const shapes = new Map(graphParameters(createModel('resnet50')).map(({ name, shape }) => [name, shape]));

  it('has the names and shapes of the published weights', () => {
    // 53 convolutions, 53 batch norms of 4 entries each, a linear layer of 2: 267 entries without num_batches_tracked.
    expect(shapes.size).toBe(53 + 53 * 4 + 2);
    expect(shapes.get('conv1.weight')).toEqual([64, 3, 7, 7]);
    expect(shapes.get('layer1.0.conv1.weight')).toEqual([64, 64, 1, 1]);
    expect(shapes.get('layer1.0.downsample.0.weight')).toEqual([256, 64, 1, 1]);
    expect(shapes.get('layer1.0.downsample.1.running_var')).toEqual([256]);
    expect(shapes.get('layer3.5.conv2.weight')).toEqual([256, 256, 3, 3]);
    expect(shapes.get('layer4.0.conv1.weight')).toEqual([512, 1024, 1, 1]);
    expect(shapes.get('layer4.2.bn3.weight')).toEqual([2048]);
    expect(shapes.get('fc.weight')).toEqual([1000, 2048]);
  });

  it('has the stride in the 3×3 convolution, like torchvision', () => {
    const strides = createModel('resnet50')
      .nodes.filter(({ place }) => place.block === 'layer2.0')
      .flatMap(({ name, op }) => (op.kind === 'convolution' ? [[name, op.stride[0]]] : []));
    expect(strides).toEqual([
      ['layer2.0.conv1', 1],
      ['layer2.0.conv2', 2],
      ['layer2.0.conv3', 1],
      ['layer2.0.downsample.0', 2],
    ]);
  });
});

describe('shortcut A', () => {
  it('takes every second pixel and pads half of the missing channels before, half after', () => {
    const graph = createModel('resnet20', { shortcut: 'A' });
    const shortcut = graph.nodes.filter(({ place }) => place.block === 'layer2.0' && place.role === 'shortcut');
    expect(shortcut.map(({ op }) => op)).toEqual([
      { kind: 'maxPool', kernel: [1, 1], stride: [2, 2], padding: [0, 0], ceil: false },
      { kind: 'padChannels', before: 8, after: 8 },
    ]);
  });
});

describe('dropout, which evaluation does not test,', () => {
  it.each([
    // torchvision's rates, in forward order.
    ['alexnet', [0.5, 0.5]],
    ['vgg16', [0.5, 0.5]],
    ['googlenet', [0.2]],
    ['inception_v3', [0.5]],
    ['squeezenet1_1', [0.5]],
    ['densenet121', []],
    ['shufflenet_v2_x1_0', []],
    // Lin et al. 2014: after the first two perceptron layers.
    ['nin', [0.5, 0.5]],
  ])('of %s has rates %j', (name, rates) => {
    const found = createModel(name).nodes.flatMap(({ op }) => (op.kind === 'dropout' ? [op.rate] : []));
    expect(found).toEqual(rates);
  });
});

describe('the stages, each with its number of blocks,', () => {
  const structure = (name: string): string => {
    const blocks = new Map<string, Set<string>>();
    for (const { place } of createModel(name).nodes) {
      if (place.stage === undefined) continue;
      const own = blocks.get(place.stage) ?? new Set();
      blocks.set(place.stage, place.block === undefined ? own : own.add(place.block));
    }
    return [...blocks].map(([stage, { size }]) => `${stage}: ${size}`).join(', ');
  };

  it.each([
    ['vgg16', 'stage1: 0, stage2: 0, stage3: 0, stage4: 0, stage5: 0'],
    ['alexnet', 'stage1: 0, stage2: 0, stage3: 0'],
    ['nin', 'stage1: 0, stage2: 0, stage3: 0'],
    ['googlenet', 'inception3: 2, inception4: 5, inception5: 2'],
    ['inception_v3', 'Mixed_5: 3, Mixed_6: 5, Mixed_7: 3'],
    ['squeezenet1_0', 'stage1: 3, stage2: 4, stage3: 1'],
    ['squeezenet1_1', 'stage1: 2, stage2: 2, stage3: 4'],
    ['shufflenet_v2_x1_0', 'stage2: 4, stage3: 8, stage4: 4'],
    // Layers and the transition after them.
    ['densenet121', 'denseblock1: 7, denseblock2: 13, denseblock3: 25, denseblock4: 16'],
    ['densenet_bc_100_12', 'denseblock1: 17, denseblock2: 17, denseblock3: 16'],
  ])('of %s are those of its figure', (name, stages) => {
    expect(structure(name)).toBe(stages);
  });
});

describe('inception_v3', () => {
  it('takes images of 299×299 and has the batch norm settings of its trained weights', () => {
    expect(modelDefaults('inception_v3').inputShape).toEqual([3, 299, 299]);
    const norms = createModel('inception_v3').nodes.flatMap(({ op }) => (op.kind === 'batchNorm' ? [op] : []));
    expect(new Set(norms.map(({ epsilon }) => epsilon))).toEqual(new Set([0.001]));
    expect(new Set(norms.map(({ momentum }) => momentum))).toEqual(new Set([0.1]));
  });
});

describe('an invalid request', () => {
  it('names the nearest models', () => {
    const error = failure(() => createModel('resnet_20'));
    expect(error.code).toBe('usage');
    expect(error.message).toContain("'resnet_20'");
    expect(error.hint).toContain('resnet20');
  });

  it('is not fooled by the names of object properties', () => {
    expect(failure(() => createModel('constructor')).code).toBe('usage');
  });

  it.each([{ classes: 1 }, { classes: 2.5 }, { inputShape: [32, 32] }, { shortcut: 'C' as 'A' }])(
    'is refused: %o',
    (options) => {
      expect(failure(() => createModel('resnet20', options)).code).toBe('usage');
    },
  );

  it('is refused if it chooses the shortcut of a network without shortcuts', () => {
    expect(failure(() => createModel('plain20', { shortcut: 'A' })).message).toContain('no shortcuts');
  });

  it('names the layer at which the image becomes too small', () => {
    const error = failure(() => createModel('cifar_vgg16_bn', { inputShape: [3, 8, 8] }));
    expect(error.code).toBe('usage');
    expect(error.message).toContain('3×8×8');
    expect(error.message).toContain('stage4.pool');
    expect(error.hint).toContain('3×32×32');
  });
});
