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
export { resolveConfig, type TrainConfig, type TrainConfigInput } from './config/index.js';
export { readSafetensors, type StoredTensor, type StoredTensors } from './formats/index.js';
export { readRunRecord, type RunRecord, type Score, type TrainSummary } from './run/index.js';
export { train, type TrainEvent, type TrainOptions } from './train/index.js';
