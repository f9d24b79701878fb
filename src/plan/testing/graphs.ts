/** Networks for tests of plans: a small residual one that is easy to read, and random ones that combine every op. */

import { randomStream } from '../../base/random.js';
import { graphBuilder, type GraphBuilder, type Value } from '../../graph/builder.js';
import type { Graph } from '../../graph/graph.js';
import { elements, graphParameters } from '../../graph/index.js';

/** One residual block with identity shortcut between a stem and a classifier. */
export function tinyResidual(): Graph {
  const net = graphBuilder('tiny', [3, 8, 8]);
  const conv = (name: string, x: Value) =>
    net.convolution(name, x, { outChannels: 4, kernel: 3, padding: 1, bias: false });
  const stem = net.relu('relu', net.batchNorm('bn', conv('conv', net.input)));
  const block = net.block('block', () => {
    const inside = net.relu('relu1', net.batchNorm('bn1', conv('conv1', stem)));
    return net.relu('relu2', net.add('add', net.batchNorm('bn2', conv('conv2', inside)), stem));
  });
  net.linear('fc', net.flatten('flatten', net.globalAveragePool('avgpool', block)), { outFeatures: 5 });
  return net.build();
}

/** A network that applies `make` to its input and ends with a classifier. */
export function network(make: (net: GraphBuilder, x: Value) => Value, inputShape = [3, 8, 8]): Graph {
  const net = graphBuilder('network', inputShape);
  const x = make(net, net.input);
  net.linear('fc', net.flatten('flatten', x), { outFeatures: 4 });
  return net.build();
}

/** A convolution without bias and a batch norm, named `<name>.conv` and `<name>.bn`. */
export function convNorm(net: GraphBuilder, name: string, x: Value, outChannels = 4): Value {
  return net.batchNorm(
    `${name}.bn`,
    net.convolution(`${name}.conv`, x, { outChannels, kernel: 3, padding: 1, bias: false }),
  );
}

/**
 * A network of `length` random ops, each of which reads earlier values; every value is used. Longer than 60 lines because
 * it has one entry for each op.
 */
export function randomGraph(seed: number, length = 12): Graph {
  const stream = randomStream(seed, 0x67726170);
  const net = graphBuilder(`random${seed}`, [2 + stream.below(3), 5 + stream.below(4), 6]);
  const values: Value[] = [net.input];
  const used = new Set<Value>();
  const pick = (from: readonly Value[]): Value => {
    const value = from[stream.below(from.length)]!;
    used.add(value);
    return value;
  };
  /** A random value, most often the last one. */
  const any = (): Value => pick(stream.below(3) === 0 ? values : values.slice(-1));
  /** A random value of the same shape as x, maybe x itself. */
  const like = (x: Value): Value => {
    const wanted = net.shape(x).join();
    return pick(values.filter((value) => net.shape(value).join() === wanted));
  };
  const sameSize = (x: Value): Value => {
    const wanted = net.shape(x).slice(1).join();
    return pick(values.filter((value) => net.shape(value).slice(1).join() === wanted));
  };
  const flag = (): boolean => stream.below(2) === 0;

  const makers: ((name: string, x: Value) => Value)[] = [
    (name, x) => {
      const groups = net.shape(x)[0]! % 2 === 0 && flag() ? 2 : 1;
      return net.convolution(name, x, {
        outChannels: 2 * (1 + stream.below(3)),
        kernel: [1 + stream.below(3), 3],
        stride: net.shape(x)[1]! > 4 && flag() ? 2 : 1,
        padding: [1, 2],
        dilation: flag() ? [1, 2] : 1,
        groups,
        bias: flag(),
      });
    },
    (name, x) => net.batchNorm(name, x),
    (name, x) => net.relu(name, x),
    // Patterns that fusing looks for, so that they occur often enough.
    (name, x) => net.relu(name, convNorm(net, name, x)),
    (name, x) => net.relu(name, net.add(`${name}.add`, net.batchNorm(`${name}.bn`, x), like(x))),
    (name, x) => net.add(name, convNorm(net, `${name}.a`, x), convNorm(net, `${name}.b`, x)),
    (name, x) => net.relu(name, net.add(`${name}.add`, x, like(x))),
    (name, x) => net.leakyRelu(name, x, { slope: 0.2 }),
    (name, x) => net.prelu(name, x, { perChannel: flag() }),
    (name, x) => net.relu6(name, x),
    (name, x) => net.silu(name, x),
    (name, x) => net.gelu(name, x),
    (name, x) => net.sigmoid(name, x),
    (name, x) => net.hardSwish(name, x),
    (name, x) => net.hardSigmoid(name, x),
    (name, x) => net.layerNorm(name, x, { epsilon: 0.1 }),
    (name, x) => net.localResponseNorm(name, x, { size: 1 + stream.below(4), alpha: 0.5 }),
    (name, x) => net.multiply(name, x, net.sigmoid(`${name}.gate`, net.globalAveragePool(`${name}.means`, like(x)))),
    (name, x) => {
      const channels = net.shape(x)[0]!;
      return channels > 1 ? net.sliceChannels(name, x, { start: 1, count: channels - 1 }) : net.identity(name, x);
    },
    (name, x) => net.channelShuffle(name, x, { groups: net.shape(x)[0]! % 2 === 0 ? 2 : 1 }),
    (name, x) => net.adaptiveAveragePool(name, x, { size: [2 + stream.below(4), 3 + stream.below(4)] }),
    (name, x) => net.stochasticDepth(name, x, { rate: 0.3 }),
    (name, x) => net.identity(name, x),
    (name, x) => net.add(name, x, like(x)),
    (name, x) => net.add(name, x, like(x)),
    (name, x) => net.add(name, x, like(x), like(x)),
    (name, x) => net.concat(name, x, sameSize(x), sameSize(x)),
    (name, x) => net.padChannels(name, x, { before: stream.below(2), after: stream.below(3) }),
    (name, x) => net.maxPool(name, x, { kernel: 2, stride: [1, 1], padding: 1, ceil: flag() }),
    (name, x) => net.averagePool(name, x, { kernel: [2, 1], stride: [1, 1], padding: [1, 0], countPadding: flag() }),
    (name, x) => net.dropout(name, x, { rate: 0.3 }),
    (name, x) => net.scale(name, x, { per: flag() ? 'channel' : 'element', initial: 0.8 }),
  ];
  for (let i = 0; i < length; i++) values.push(makers[stream.below(makers.length)]!(`node${i}`, any()));

  const loose = values.filter((value) => !used.has(value));
  const vectors = loose.map((x, i) => net.flatten(`flat${i}`, net.globalAveragePool(`pool${i}`, x)));
  const features = vectors.length > 1 ? net.concat('join', ...vectors) : vectors[0]!;
  net.linear('fc', features, { outFeatures: 3 });
  return net.build();
}

/** Plausible values for every parameter and statistic. */
export function randomWeights(graph: Graph, seed: number): Map<string, Float32Array> {
  const stream = randomStream(seed, 0x77656967);
  return new Map(
    graphParameters(graph).map(({ name, local, shape }) => {
      const draw = (): number => {
        if (local === 'running_var') return 0.5 + stream.uniform();
        return (shape.length === 1 && local === 'weight' ? 1 : 0) + 0.4 * stream.normal();
      };
      return [name, Float32Array.from({ length: elements(shape) }, draw)];
    }),
  );
}
