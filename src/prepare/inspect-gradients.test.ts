import { describe, expect, it } from 'vitest';

import { memoryDataset } from '../data/index.js';
import { onednnStatus } from '../engines/onednn/index.js';
import { graphBuilder, type Graph } from '../graph/index.js';
import { gradientGrowth, type GradientReport } from '../inspect/index.js';
import type { ProportionOptions } from '../proportion/index.js';
import { inspectGradients } from './inspect-gradients.js';

/** A chain of convolutions of one width, each with batch norm and ReLU. */
function chain({ depth, width, size, kernel }: Record<'depth' | 'width' | 'size' | 'kernel', number>): Graph {
  const net = graphBuilder('chain', [width, size, size]);
  let x = net.input;
  for (let i = 1; i <= depth; i++) {
    x = net.block(`block${i}`, () => {
      const options = { outChannels: width, kernel, padding: (kernel - 1) / 2, bias: false };
      return net.relu(`relu${i}`, net.batchNorm(`bn${i}`, net.convolution(`conv${i}`, x, options)));
    });
  }
  net.head(() => net.linear('fc', net.flatten('f', net.globalAveragePool('pool', x)), { outFeatures: 10 }));
  return net.build();
}

const last = ({ arms }: GradientReport) => arms.at(-1)!;

describe('gradients against mean-field theory', () => {
  /*
   * Theory holds for infinitely many channels and values per channel. A chain of 64 channels without padding, over 32 images of
   * 8×8 (2,048 values per channel), is near enough: over five seeds and these four cases, log₁₀ of the growth per
   * activation was off by at most 0.0065 for one seed and 0.003 for the mean. The values to be told apart are 0.042 apart:
   * 0.083 for ReLU, 0.042 at 2:1, 0 for the identity. Padding and few channels would cost more accuracy: zeros at
   * the border differ from the mean of what a ReLU gives.
   */
  const tolerance = 0.01;
  const graph = chain({ depth: 16, width: 64, size: 8, kernel: 1 });
  const everywhere = { drop: ['*'], stem: true, head: true };
  it.each([
    ['ReLU', undefined, Math.log10(gradientGrowth(0)) / 2],
    ['leaky ReLU of slope 0.24', { ...everywhere, leak: 0.24 }, Math.log10(gradientGrowth(0.24)) / 2],
    ['ReLU at 2:1', { ratio: '2:1' }, Math.log10(gradientGrowth(0)) / 4],
    ['the identity', everywhere, 0],
  ] as const)(
    '%s: growth per activation',
    async (_, ratio: ProportionOptions | undefined, expected) => {
      const engine = onednnStatus().available ? 'onednn' : 'reference';
      const arm = last(await inspectGradients(graph, { ratio, engine, batch: 32, seeds: 2 }));
      // 14 steps between the inputs of the second and the last of 16 convolutions.
      expect(Math.abs((arm.decades!.mean - arm.theory!) / 14)).toBeLessThan(tolerance);
      // The two ends of the chain add at most what one activation can: half of log₁₀ of 1/(2·0.34).
      expect(Math.abs(arm.theory! / 14 - expected)).toBeLessThan(0.09 / 14 + 1e-9);
    },
    60_000,
  );
});

describe('inspecting gradients', () => {
  const small = chain({ depth: 3, width: 5, size: 6, kernel: 3 });
  const quick = { engine: 'reference', batch: 4, seeds: 2 } as const;

  it('sets the ratio beside 1:1, with the same weights, and repeats itself', async () => {
    const report = await inspectGradients(small, { ...quick, ratio: '2:1' });
    expect(report).toMatchObject({ model: 'chain', batch: 4, data: 'noise', engine: 'reference', seeds: [0, 1] });
    expect(report.arms.map(({ ratio }) => ratio)).toEqual(['1:1', '2:1']);
    expect(report.arms[0]!.layers.map(({ name, input }) => [name, input !== null])).toEqual([
      ['block1.conv1', false],
      ['block2.conv2', true],
      ['block3.conv3', true],
    ]);
    expect(await inspectGradients(small, { ...quick, ratio: '2:1' })).toEqual(report);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it.each([undefined, '1:1'])('measures 1:1 alone if the ratio is %s', async (ratio) => {
    expect((await inspectGradients(small, { ...quick, ratio })).arms.map((arm) => arm.ratio)).toEqual(['1:1']);
  });

  it.skipIf(!onednnStatus().available)(
    'gives the same on every engine, also where channels fill no block',
    async () => {
      const settings = { ...quick, ratio: '2:1' };
      const reference = await inspectGradients(small, settings);
      const native = await inspectGradients(small, { ...settings, engine: 'onednn' });
      const sizes = ({ arms }: GradientReport) =>
        arms.flatMap(({ layers }) => layers.flatMap(({ input, weight }) => [input?.mean ?? 1, weight.mean]));
      const others = sizes(native);
      sizes(reference).forEach((size, index) => expect(others[index]! / size).toBeCloseTo(1, 3));
    },
  );

  it('takes the built-in dataset if it fits, or another one', async () => {
    const cifar = graphBuilder('gray', [1, 4, 4]);
    const a = cifar.batchNorm('bn', cifar.convolution('conv', cifar.input, { outChannels: 4, kernel: 3 }));
    const b = cifar.convolution('conv2', cifar.relu('relu', a), { outChannels: 4, kernel: 1 });
    cifar.linear('fc', cifar.flatten('f', b), { outFeatures: 2 });
    const graph = cifar.build();
    const split = { images: (index: number) => new Uint8Array(16).map((_, i) => (31 * index * i) % 256) };
    const both = { ...split, labels: [0, 1, 0, 1, 0, 1] };
    const data = memoryDataset({ train: both, test: both, shape: [1, 4, 4], classes: 2, name: 'mine' });
    expect((await inspectGradients(graph, { ...quick, data })).data).toBe('mine');
    expect((await inspectGradients('resnet20', { ...quick, batch: 2, seeds: 1 })).data).toBe('synthetic');
    await expect(inspectGradients(small, { ...quick, data })).rejects.toThrow('takes images of 5×6×6');
    await expect(inspectGradients(graph, { ...quick, data, batch: 7 })).rejects.toMatchObject({ code: 'data' });
  });

  it.each([
    [{ batch: 0 }, 'batch'],
    [{ seeds: 1.5 }, 'seeds'],
    [{ engine: 'none' }, 'no engine'],
    [{ ratio: '1:2' }, '1:2'],
    [{ data: 'nothing' }, 'no dataset'],
  ] as const)('refuses %o', async (settings, words) => {
    await expect(inspectGradients(small, { ...quick, ...settings })).rejects.toThrow(words);
  });
});
