/** The worker thread of a loader. It takes requests in order, fills their buffers and sends them back. */

import { parentPort, workerData } from 'node:worker_threads';

import { RectioError, errorData } from '../base/error.js';
import { createBatchMaker, type BatchMaker, type BatchRecipe } from './batch.js';
import type { BatchAnswer, BatchRequest } from './loader.js';

let maker: BatchMaker | undefined;

parentPort!.on('message', ({ job, epoch, step, buffers }: BatchRequest) => {
  const answer = (value: BatchAnswer): void =>
    parentPort!.postMessage(value, 'buffers' in value ? [value.buffers.images, value.buffers.targets] : []);
  try {
    maker ??= createBatchMaker(workerData as BatchRecipe);
    const count = maker.make(epoch, step, new Float32Array(buffers.images), new Float32Array(buffers.targets));
    answer({ job, count, buffers });
  } catch (error) {
    answer({ job, error: error instanceof RectioError ? errorData(error) : { message: String(error) } });
  }
});
