/** A training so small that the reference engine does a step in a few milliseconds. */

import { randomStream } from '../../base/random.js';
import type { Dataset, Split } from '../../data/index.js';
import { createReferenceEngine } from '../../engines/reference/index.js';
import { graphBuilder, type Graph } from '../../graph/index.js';
import { applyRatio } from '../../proportion/index.js';
import { resolveConfig, type TrainConfigInput } from '../../config/index.js';
import type { TrainEvent } from '../events.js';
import { train } from '../train.js';
import { sealTraining, type TrainingParts } from '../training.js';

const shape = [2, 6, 6] as const;
const classes = ['dark', 'light', 'mixed'];

/** Images whose brightness tells the class, with noise. */
export function tinyDataset(trainImages = 40, testImages = 14, seed = 1): Dataset {
  return {
    name: 'tiny',
    classes,
    shape,
    mean: [0.5, 0.5],
    deviation: [0.3, 0.3],
    train: tinySplit(trainImages, seed),
    test: tinySplit(testImages, seed + 1000),
    fingerprint: `tiny-${trainImages}-${testImages}-${seed}`,
  };
}

function tinySplit(count: number, seed: number): Split {
  const stream = randomStream(seed);
  const pixels = shape[0] * shape[1] * shape[2];
  const images = new SharedArrayBuffer(count * pixels);
  const view = new Uint8Array(images);
  const labels = Uint16Array.from({ length: count }, () => stream.below(classes.length));
  labels.forEach((label, index) => {
    for (let i = 0; i < pixels; i++) view[index * pixels + i] = 60 * label + stream.below(130);
  });
  return { count, labels, source: { kind: 'memory', images } };
}

/** A convolution, a block with a shortcut, dropout, and a classifier. */
export function tinyGraph(name = 'tiny', width = 4): Graph {
  const net = graphBuilder(name, shape);
  let x = net.convolution('conv1', net.input, { outChannels: width, kernel: 3, padding: 1, bias: false });
  x = net.relu('relu1', net.batchNorm('bn1', x));
  const y = net.convolution('conv2', x, { outChannels: width, kernel: 3, padding: 1, bias: false });
  x = net.relu('relu2', net.add('add', net.batchNorm('bn2', y), x));
  x = net.dropout('dropout', net.flatten('flatten', net.globalAveragePool('pool', x)), { rate: 0.1 });
  net.linear('fc', x, { outFeatures: classes.length });
  return net.build();
}

/** Options of a training of `epochs` × 5 steps; `settings` go over the config. */
export function tinyOptions(run: string, settings: TrainConfigInput = {}): TrainingParts {
  const { graph, report } = applyRatio(tinyGraph());
  const base: TrainConfigInput = {
    recipe: 'fast',
    model: { name: 'tiny' },
    data: { name: 'tiny', workers: 0 },
    epochs: 3,
    batch: 8,
    evaluation: { batch: 8 },
    transforms: { padCrop: 1 },
    log: { everySteps: 2 },
  };
  return {
    engine: createReferenceEngine(),
    dataset: tinyDataset(),
    graph,
    proportion: report,
    config: resolveConfig(base, settings),
    run,
  };
}

/** Trains what a test put together by hand. */
export function trainParts(parts: TrainingParts): AsyncGenerator<TrainEvent, void, void> {
  return train(sealTraining(parts));
}
