import { describe, expect, it } from 'vitest';
import { graphBuilder } from '../graph/index.js';
import { applyRatio } from '../proportion/index.js';
import { createModel, modelNames } from '../zoo/index.js';
import { inspectGraph } from './index.js';

describe('inspecting a network by hand', () => {
  const net = graphBuilder('tiny', [4, 8, 8]);
  let x = net.convolution('conv', net.input, { outChannels: 6, kernel: [3, 1], stride: 2, padding: [1, 0], groups: 2 });
  x = net.batchNorm('bn', x);
  x = net.prelu('act', x, { perChannel: true });
  x = net.identity('same', x);
  x = net.maxPool('pool', x, { kernel: 2 });
  x = net.scale('scale', net.flatten('flatten', x), { per: 'element' });
  net.linear('fc', x, { outFeatures: 5 });
  const inspection = inspectGraph(net.build());

  it('counts each layer', () => {
    const rows = inspection.layers.map(({ name, kind, shape, parameters, macs, activationBytes }) => [
      name,
      kind,
      shape,
      parameters,
      macs,
      activationBytes,
    ]);
    expect(rows).toEqual([
      ['input', 'input', [4, 8, 8], 0, 0, 1024],
      // Weight [6, 2, 3, 1] and bias [6]; 96 outputs of 2·3 multiply-adds.
      ['conv', 'convolution', [6, 4, 4], 42, 576, 384],
      ['bn', 'batchNorm', [6, 4, 4], 12, 0, 384],
      ['act', 'prelu', [6, 4, 4], 6, 0, 384],
      ['same', 'identity', [6, 4, 4], 0, 0, 0],
      ['pool', 'maxPool', [6, 2, 2], 0, 0, 96],
      ['flatten', 'flatten', [24], 0, 0, 0],
      ['scale', 'scale', [24], 24, 0, 96],
      ['fc', 'linear', [5], 125, 120, 20],
    ]);
  });

  it('adds them up', () => {
    expect(inspection.totals).toEqual({
      convolutions: 1,
      activations: 1,
      parameters: 42 + 12 + 6 + 24 + 125,
      macs: 576 + 120,
      activationElements: 96,
    });
  });

  it('takes the network as it is, at 1:1, when no report comes with it', () => {
    expect(inspection.model).toBe('tiny');
    expect(inspection.ratio).toEqual({ asked: '1:1', achieved: '1:1', pattern: '1', scope: 'network', drop: [] });
    expect(inspection.sites).toEqual([{ name: 'act', kept: true }]);
  });
});

describe('known figures', () => {
  it.each([
    // Multiply-adds: 40.6M and 4.1G are the customary figures (fvcore, torchvision's model table).
    ['resnet20', { shortcut: 'A' }, 19, 19, 269_722, 40_551_040],
    ['resnet20', { shortcut: 'B' }, 21, 19, 272_474, 40_813_184],
    ['resnet50', {}, 53, 49, 25_557_032, 4_089_184_256],
    ['resnet18', {}, 20, 17, 11_689_512, 1_814_073_344],
    ['cifar_vgg16_bn', {}, 13, 13, 14_724_042, 313_201_664],
    // Each norm comes one layer earlier than in resnet20; the last one compensates for the narrower norms before it.
    ['preresnet20', { shortcut: 'A' }, 19, 19, 269_722, 40_551_040],
  ] as const)('of %s %o', (name, options, convolutions, activations, parameters, macs) => {
    const { totals } = inspectGraph(createModel(name, options));
    expect(totals).toEqual({ convolutions, activations, parameters, macs, activationElements: expect.any(Number) });
  });

  it('resnet20 passes 188,416 values of an image through its ReLUs at 1:1, and less at 2:1', () => {
    const baseline = createModel('resnet20');
    expect(inspectGraph(baseline).totals.activationElements).toBe(7 * 16384 + 6 * 8192 + 6 * 4096);
    const { graph, report } = applyRatio(baseline, { ratio: '2:1' });
    const { totals, ratio, sites } = inspectGraph(graph, report);
    expect(totals.activationElements).toBe(4 * 16384 + 3 * 8192 + 3 * 4096);
    expect(totals.activations).toBe(10);
    expect(ratio).toEqual({ asked: '2:1', achieved: '2:1', pattern: '01', scope: 'network', drop: [] });
    expect(sites.slice(0, 2)).toEqual([
      { name: 'layer1.0.relu1', kept: false },
      { name: 'layer1.0.relu2', kept: true },
    ]);
  });
});

describe.each(modelNames)('inspecting %s', (name) => {
  it('gives plain JSON with one row for each node, whose sums are the totals', () => {
    const { graph, report } = applyRatio(createModel(name), { ratio: '2:1' });
    const inspection = inspectGraph(graph, report);
    expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection);
    expect(inspection.layers.map((layer) => layer.name)).toEqual(graph.nodes.map((node) => node.name));
    expect(inspection.layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(inspection.totals.macs);
    expect(inspection.layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(inspection.totals.parameters);
    expect(inspection.totals.activations).toBe(report.after.activations);
  });
});

it('inspecting the deepest network takes far less than half a second', () => {
  const seconds = [1, 2, 3].map(() => {
    const start = performance.now();
    const { graph, report } = applyRatio(createModel('preresnet164'), { ratio: '2:1' });
    inspectGraph(graph, report);
    return (performance.now() - start) / 1000;
  });
  expect(Math.min(...seconds)).toBeLessThan(0.25);
});
