/**
 * A network whose blocks have two branches: one 3×3 convolution, and two 3×3 convolutions. The branches are concatenated, and a
 * gate weights each channel (squeeze-and-excitation). A ratio shares its ReLUs out among the branches; it leaves the gate alone.
 *
 *     npx rectio inspect examples/two-branches.ts --ratio 2:1 --svg two-branches.svg
 *     npx rectio train examples/two-branches.ts --ratio 2:1 --epochs 3
 *
 * Training takes less than a minute on two cores and ends with a test error of about 37 %.
 */

import { graphBuilder, type GraphBuilder, type NetworkOptions, type Value } from 'rectio';

/** Convolution, batch norm, ReLU. */
function unit(net: GraphBuilder, name: string, x: Value, outChannels: number, kernel: number): Value {
  return net.scope(name, () => {
    const y = net.convolution('conv', x, { outChannels, kernel, padding: (kernel - 1) / 2, bias: false });
    return net.relu('relu', net.batchNorm('bn', y));
  });
}

/** Weights each channel of x by a gate: a small network computes it from the channels' means. */
function gated(net: GraphBuilder, x: Value, squeeze: number): Value {
  const [channels = 1] = net.shape(x);
  const means = net.globalAveragePool('means', x);
  const squeezed = net.relu('squeezed', net.convolution('squeeze', means, { outChannels: squeeze, kernel: 1 }));
  const gate = net.sigmoid('gate', net.convolution('excite', squeezed, { outChannels: channels, kernel: 1 }));
  return net.multiply('gated', x, gate);
}

export function network({ classes, inputShape }: NetworkOptions) {
  const net = graphBuilder('two_branches', inputShape);
  let x = net.stem(() => unit(net, 'stem', net.input, 16, 3));
  [16, 32, 64].forEach((width, index) => {
    x = net.block(`block${index + 1}`, () => {
      const short = unit(net, 'short', x, width, 3);
      const long = unit(net, 'long2', unit(net, 'long1', x, width, 3), width, 3);
      return net.maxPool('pool', gated(net, net.concat('join', short, long), width / 4), { kernel: 2 });
    });
  });
  net.head(() => net.linear('fc', net.flatten('flatten', net.globalAveragePool('mean', x)), { outFeatures: classes }));
  return net.build();
}
