/**
 * Training from TypeScript: resnet20 at 2:1, on images made in memory, in a few seconds. It writes no files.
 *
 *     node examples/train.ts      # Node 22.18 or newer; on Node 20: npx tsx examples/train.ts
 */
import { memoryDataset, trainNetwork, type TrainEvent } from 'rectio/training';

// Noise images. In class 0 the top is brighter, in class 1 the bottom.
const labels = Array.from({ length: 256 }, (_, index) => index % 2);
const image = (index: number) =>
  Array.from(
    { length: 256 },
    (_, i) => ((index * 31 + i * i * 17) % 160) + (Math.floor(i / 128) === index % 2 ? 90 : 0),
  );
const split = { images: image, labels };
const data = memoryDataset({ train: split, test: split, shape: [1, 16, 16], classes: ['top', 'bottom'] });

const show = (event: TrainEvent) =>
  event.type === 'epoch' && console.log(`epoch ${event.epoch + 1}: ${event.test?.error.toFixed(1)} %`);
const settings = { data, ratio: '2:1', epochs: 3, batch: 32, schedule: { learningRate: 0.05 } };
const { test, weights } = await trainNetwork('resnet20', { ...settings, onEvent: show });
console.log(`test error ${test.error.toFixed(1)} %, ${weights.size} tensors`);
