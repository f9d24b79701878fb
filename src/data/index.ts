/** Datasets, and loaders that turn them into batches. */

export type { ClassContents, Finding, FolderContents, PictureSize, SizesFound } from './contents.js';
export type { Batch, Dataset, ImageSource, Split } from './dataset.js';
export { evenlyOf, holdOut } from './hold-out.js';
export { createLoader, type Loader, type LoaderOptions } from './loader.js';
export { memoryDataset, type MemoryDataset, type MemorySplit } from './memory.js';
export { datasetNames, openDataset } from './open.js';
export { defaultDataDir, type OpenOptions } from './options.js';
export { noTransforms, standardTransforms, type Transforms } from './transforms.js';
export {
  downloadDataset,
  downloadableNames,
  isDownloaded,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
} from './download.js';
