/**
 * Training a network, in Node: open an engine and a dataset, resolve the settings, and follow the events of `train`.
 *
 *     const engine = await openEngine('auto');
 *     const dataset = await openDataset('synthetic');
 *     const { graph, report } = applyRatio(createModel('resnet20'), { ratio: '2:1' });
 *     const config = resolveConfig({ model: { name: graph.name }, ratio: { ratio: '2:1' }, epochs: 3 });
 *     for await (const event of train({ engine, dataset, graph, proportion: report, config })) …
 */

export { openDataset, type Dataset, type ImageSource, type OpenOptions, type Split } from './data/index.js';
export type { Engine } from './engines/engine.js';
export { openEngine, type EngineName, type EngineOptions } from './engines/registry.js';
export { openNetworkFile, type NetworkFile } from './network-file/index.js';
export {
  readRunRecord,
  readSafetensors,
  resolveConfig,
  train,
  type RunRecord,
  type Score,
  type StoredTensor,
  type StoredTensors,
  type TrainConfig,
  type TrainConfigInput,
  type TrainEvent,
  type TrainOptions,
  type TrainSummary,
} from './train/index.js';
