/**
 * Training a network, in Node.
 *
 *     const { test, weights } = await trainNetwork('resnet20', { data: 'cifar10', ratio: '2:1@10', epochs: 3 });
 *
 * or, with every event and a run on disk that can be resumed:
 *
 *     const training = await openTraining({ model: 'resnet20', data: 'cifar10', epochs: 3, run: 'runs/mine' });
 *     for await (const event of train(training)) …
 *     await openTraining({ resume: 'runs/mine' });
 */

export { resolveConfig, type TrainConfig, type TrainConfigInput } from './config/index.js';
export {
  memoryDataset,
  openDataset,
  type Dataset,
  type ImageSource,
  type MemoryDataset,
  type MemorySplit,
  type OpenOptions,
  type Split,
} from './data/index.js';
export {
  benchmark,
  benchmarkAgainst,
  type AgainstOptions,
  type AgainstResult,
  type BenchmarkOptions,
  type BenchmarkResult,
} from './engines/benchmark.js';
export { openEngine } from './engines/registry.js';
export type { Engine } from './engines/engine.js';
export { readSafetensors, type StoredTensor, type StoredTensors } from './formats/index.js';
export { openNetworkFile, type NetworkFile } from './network-file/index.js';
export {
  inspectGradients,
  openTraining,
  trainNetwork,
  type InspectGradientsSettings,
  type ResumeSettings,
  type TrainedNetwork,
  type TrainingOptions,
  type TrainingSettings,
  type TrainNetworkSettings,
} from './prepare/index.js';
export { readRunRecord, type RunRecord, type Score, type TrainSummary } from './run/index.js';
export {
  ensembleFigure,
  measureEnsemble,
  writeEnsemble,
  type EnsembleOptions,
  type EnsembleResult,
  type PartResult as EnsemblePart,
  type LogitScore,
} from './study/ensemble/index.js';
export { train, type TrainEvent, type Training, type Weights } from './train/index.js';
