import { describe, expect, it } from 'vitest';
import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../../graph/index.js';
import { foldWeights, inferencePlan, persistentRoles, trainingPlan, type Plan } from '../../plan/index.js';
import { filled, normal, testWeights } from '../../testing/index.js';
import type { RunOutputs } from '../engine.js';
import { createOnednnEngine, onednnStatus } from './index.js';

const BATCH = 3;
const CLASSES = 5;
const SHAPE = [3, 12, 12] as const;

type Layer = (net: GraphBuilder, x: Value) => Value;

const convolve =
  (options: { kernel: number; stride?: number; padding?: number; groups?: number }, outChannels = 24): Layer =>
  (net, x) =>
    net.convolution('conv', x, { outChannels, ...options });
const norm: Layer = (net, x) => net.batchNorm('bn', x);
const chain =
  (...layers: Layer[]): Layer =>
  (net, x) =>
    layers.reduce((value, layer) => layer(net, value), x);

const same = convolve({ kernel: 3, padding: 1 });
const relu: Layer = (net, x) => net.relu('relu', x);

/** Paths from images to features that together contain every forward kernel and every way to fuse a ReLU. */
const paths: { readonly [title: string]: Layer } = {
  'a 3×3 convolution of 3 channels, then ReLU': chain(same, relu),
  'a 3×3 convolution of 16 channels, then ReLU': chain(
    (net, x) => net.convolution('stem', x, { outChannels: 16, kernel: 1 }),
    same,
    relu,
  ),
  'a 1×1 convolution, then ReLU': chain(convolve({ kernel: 1 }), relu),
  'a 3×3 convolution of stride 2, then ReLU': chain(convolve({ kernel: 3, stride: 2, padding: 1 }), relu),
  'a 7×7 convolution, then ReLU': chain(convolve({ kernel: 7, stride: 2, padding: 3 }), relu),
  'a depthwise convolution, then ReLU': chain(convolve({ kernel: 3, padding: 1, groups: 3 }, 3), relu),
  'batch norm': chain(same, norm),
  'batch norm and ReLU': chain(same, norm, relu),
  'batch norm, addition and ReLU': (net, x) => {
    const stem = same(net, x);
    return net.relu('relu', net.add('add', norm(net, stem), stem));
  },
  'leaky ReLU': (net, x) => net.leakyRelu('act', same(net, x), { slope: 0.1 }),
  PReLU: (net, x) => net.prelu('act', same(net, x), { perChannel: true }),
  ReLU6: (net, x) => net.relu6('act', same(net, x)),
  SiLU: (net, x) => net.silu('act', same(net, x)),
  GELU: (net, x) => net.gelu('act', same(net, x)),
  sigmoid: (net, x) => net.sigmoid('act', same(net, x)),
  'hard swish': (net, x) => net.hardSwish('act', same(net, x)),
  'hard sigmoid': (net, x) => net.hardSigmoid('act', same(net, x)),
  'layer norm': (net, x) => net.layerNorm('ln', same(net, x)),
  'local response norm': (net, x) => net.localResponseNorm('lrn', same(net, x), { size: 5, alpha: 0.5 }),
  'a gate': (net, x) => {
    const stem = same(net, x);
    return net.multiply('multiply', stem, net.hardSigmoid('gate', net.globalAveragePool('means', stem)));
  },
  'max pooling': (net, x) => net.maxPool('pool', same(net, x), { kernel: 3, stride: 2, padding: 1 }),
  'max pooling of ReLU': (net, x) => net.maxPool('pool', relu(net, same(net, x)), { kernel: 2, stride: 2 }),
  'average pooling': (net, x) => net.averagePool('pool', same(net, x), { kernel: 3, stride: 2, padding: 1 }),
  'windows that adapt': (net, x) => net.adaptiveAveragePool('pool', same(net, x), { size: [5, 5] }),
  'halves that are shuffled': (net, x) => {
    const stem = same(net, x);
    const half = (name: string, start: number) => net.sliceChannels(name, stem, { start, count: 12 });
    return net.channelShuffle('shuffle', net.concat('cat', half('first', 0), half('second', 12)), { groups: 2 });
  },
  'concatenation and more channels': (net, x) => {
    const stem = same(net, x);
    return net.padChannels('pad', net.concat('cat', stem, relu(net, stem)), { before: 1, after: 2 });
  },
  'a sum and its ReLU': (net, x) => {
    const stem = same(net, x);
    return net.relu('relu', net.add('add', stem, net.identity('same', stem), stem));
  },
  'learned factors': (net, x) => net.scale('element', net.scale('scale', same(net, x)), { per: 'element' }),
};

function network(title: string, layer: Layer): Graph {
  const net = graphBuilder(title, SHAPE);
  const features = net.globalAveragePool('avgpool', layer(net, net.input));
  net.head(() => {
    const hidden = net.linear('fc1', net.flatten('flatten', features), { outFeatures: 8 });
    net.linear('fc2', net.leakyRelu('fc1.act', hidden, { slope: 0.1 }), { outFeatures: CLASSES });
  });
  return net.build();
}

const images = filled(BATCH * SHAPE[0] * SHAPE[1] * SHAPE[2], normal, 'images');
const targets = filled(BATCH * CLASSES, { kind: 'oneHot', classes: CLASSES }, 'targets');
/** The images, with a NaN in the middle of the first one. */
const spoiled = images.with(6 * SHAPE[2] + 6, NaN);

type Weights = ReadonlyMap<string, Float32Array>;

async function outcome(plan: Plan, weights: Weights, given: Float32Array): Promise<RunOutputs> {
  const program = await createOnednnEngine({ threads: 2 }).compile(plan);
  for (const { name, role } of plan.tensors) {
    const data = weights.get(name);
    if (data && persistentRoles.has(role)) await program.write(name, data);
  }
  const inputs = 'targets' in plan.inputs ? { images: given, targets } : { images: given };
  const outputs = await program.run(inputs, { learningRate: 0.1 });
  await program.dispose();
  return outputs;
}

/** Which examples contain a NaN. */
const spoiledRows = (values: Float32Array): boolean[] =>
  Array.from({ length: BATCH }, (_, n) => {
    const size = values.length / BATCH;
    return values.subarray(n * size, (n + 1) * size).some(Number.isNaN);
  });

const { available, reason } = onednnStatus();

describe.runIf(available)('NaN goes through', () => {
  for (const [title, layer] of Object.entries(paths)) {
    const graph = network(title, layer);
    const normed = graph.nodes.some(({ op }) => op.kind === 'batchNorm');
    const weights = testWeights(graph);
    const training = trainingPlan(graph, { batch: BATCH });
    const first = Array.from({ length: BATCH }, (_, n) => n === 0);
    const all = first.map(() => true);

    it(`${title}, from a pixel to the losses of a training step and the logits of inference`, async () => {
      const { losses } = await outcome(training, weights, images);
      expect(spoiledRows(losses!)).toEqual(all.map(() => false));
      const step = await outcome(training, weights, spoiled);
      expect(spoiledRows(step['losses']!)).toEqual(normed ? all : first);
      const { logits } = await outcome(inferencePlan(graph, { batch: BATCH }), foldWeights(graph, weights), spoiled);
      expect(spoiledRows(logits!)).toEqual(first);
    });

    it(`${title}, from any weight to all losses`, async () => {
      const learned = training.tensors.filter(({ role }) => role === 'parameter').map(({ name }) => name);
      for (const name of learned) {
        const data = weights.get(name)!.slice();
        data[data.length >> 1] = NaN;
        const { losses } = await outcome(training, new Map([...weights, [name, data]]), images);
        expect({ name, rows: spoiledRows(losses!) }).toEqual({ name, rows: all });
      }
    });
  }
});

describe.runIf(!available)('without the addon', () => {
  it('lets NaN through', ({ skip }) => {
    skip(`the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`);
  });
});
