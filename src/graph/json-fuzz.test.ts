import { describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { randomStream, type RandomStream } from '../base/random.js';
import { spoilBytes, spoilJson, spoilText } from '../testing/mutate.js';
import { checkGraphText, graphBuilder, graphFromJson, graphToJson } from './index.js';

const net = graphBuilder('small', [4, 8, 8]);
const block = net.stage('layer1', () =>
  net.block('0', () => {
    const conv = net.convolution('conv', net.input, { outChannels: 4, kernel: 3, padding: 1, groups: 2 });
    const pool = net.maxPool('pool', net.prelu('prelu', net.batchNorm('bn', conv)), {
      kernel: 3,
      stride: 1,
      padding: 1,
    });
    const gate = net.hardSigmoid('gate', net.globalAveragePool('squeeze', pool));
    const branches = net.concat('concat', net.add('add', net.multiply('scale', pool, gate), net.input), pool);
    return net.sliceChannels('slice', branches, { start: 2, count: 4 });
  }),
);
net.head(() => {
  const features = net.flatten('flatten', net.adaptiveAveragePool('avgpool', block, { size: 2 }));
  return net.linear('fc', net.dropout('drop', features), { outFeatures: 3 });
});
const json: unknown = JSON.parse(JSON.stringify(graphToJson(net.build())));
const text = JSON.stringify(json);
const bytes = new TextEncoder().encode(text);

/** Cycles through the ways to spoil the file. */
const ways: readonly ((stream: RandomStream) => string)[] = [
  (stream) => new TextDecoder().decode(spoilBytes(bytes, stream)),
  (stream) => text.slice(0, stream.below(text.length)),
  (stream) => spoilText(text, stream),
  (stream) => spoilText(spoilText(text, stream), stream),
  (stream) => JSON.stringify(spoilJson(json, stream)),
  (stream) => JSON.stringify(spoilJson(json, stream)),
  (stream) => JSON.stringify(spoilJson(spoilJson(json, stream), stream)),
  // Every number in the file is an extent or a count.
  (stream) => {
    const numbers = [...text.matchAll(/\d+/g)];
    const { index, 0: digits } = numbers[stream.below(numbers.length)]!;
    const other = [0, 2, 3, 7, 64, 2 ** 16, 2 ** 31 - 1, 2 ** 31, 2 ** 53, '1e999'][stream.below(10)]!;
    return text.slice(0, index) + other + text.slice(index + digits.length);
  },
];

/** Reads a text as the reader of files does. @returns whether it is a graph; throws if the refusal is unclear */
function tryText(spoiled: string): boolean {
  try {
    checkGraphText(spoiled);
    graphFromJson(JSON.parse(spoiled));
    return true;
  } catch (error) {
    // The reader of files reports errors of the parser.
    if (error instanceof SyntaxError) return false;
    if (!(error instanceof RectioError) || error.code !== 'graph') throw error;
    const clear = /^\P{C}{10,400}$/u.test(error.message) && /^\P{C}{10,800}[.?]$/u.test(error.hint);
    if (!clear) throw new Error(`An unclear refusal: ${JSON.stringify([error.message, error.hint])}`, { cause: error });
    return false;
  }
}

describe('spoiled graphs in JSON', () => {
  it('are read or refused in one sentence, 20,800 of them', () => {
    const stream = randomStream(3011);
    const accepted = ways.map(() => 0);
    for (let round = 0; round < 2600; round++) {
      for (const [index, spoil] of ways.entries()) if (tryText(spoil(stream))) accepted[index]!++;
    }
    // A spoiled name or number may still be a graph; a text that was cut off is not.
    expect(accepted[1]).toBe(0);
    const sum = accepted.reduce((a, b) => a + b);
    expect(sum).toBeGreaterThan(500);
    expect(sum).toBeLessThan(0.3 * 2600 * ways.length);
  });
});
