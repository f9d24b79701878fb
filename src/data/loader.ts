/** Prepares the batches of a split ahead of time on worker threads. The number of workers does not affect them. */

import { Worker } from 'node:worker_threads';

import { RectioError, type ErrorCode } from '../base/error.js';
import { createBatchMaker, type BatchRecipe } from './batch.js';
import type { Batch, Dataset, Split } from './dataset.js';
import { checkTransforms, noTransforms, type Transforms } from './transforms.js';
import { workerUrl } from '../base/worker-url.js';

export interface LoaderOptions {
  readonly dataset: Dataset;
  /** `validation` requires that images were held out. */
  readonly split: 'train' | 'test' | 'validation';
  /** Images per batch, ≥ 1. */
  readonly batch: number;
  /** Seed for the image order and the transforms. Default 0. */
  readonly seed?: number;
  /** Default: normalization only. */
  readonly transforms?: Transforms;
  /** Worker threads; 0 prepares batches in the caller's thread. Default 1, which keeps several fast engines busy. */
  readonly workers?: number;
  /** Default: true for `train`, false for the other splits. */
  readonly shuffle?: boolean;
  /** Number of batches prepared ahead. Default: 4, or 2 per worker if that is more; 1 without workers. */
  readonly ahead?: number;
}

export interface Loader {
  readonly batch: number;
  /** `train` drops an incomplete last batch; the other splits pad it. */
  readonly stepsPerEpoch: number;
  /**
   * The batches of one epoch, starting at `fromStep`. Preparation starts with the first `next()`. A batch is valid
   * until the next one is requested; its buffers are then reused, so copy what you want to keep.
   */
  epoch(epoch: number, fromStep?: number): AsyncGenerator<Batch, void, void>;
  /** Stops the workers. Later requests for batches fail. */
  close(): Promise<void>;
}

/** A pair of buffers that is transferred between threads. */
export interface BatchBuffers {
  readonly images: ArrayBuffer;
  readonly targets: ArrayBuffer;
}

/** The request that a worker receives. */
export interface BatchRequest {
  readonly job: number;
  readonly epoch: number;
  readonly step: number;
  readonly buffers: BatchBuffers;
}

/** A worker's response. */
export type BatchAnswer =
  | { readonly job: number; readonly count: number; readonly buffers: BatchBuffers }
  | {
      readonly job: number;
      readonly error: { readonly code?: ErrorCode; readonly message: string; readonly hint?: string };
    };

/** Prepares batches, in this thread or on workers. */
interface Preparer {
  prepare(epoch: number, step: number, buffers: BatchBuffers): Promise<PreparedBatch>;
  close(): Promise<void>;
}

interface PreparedBatch {
  readonly count: number;
  readonly buffers: BatchBuffers;
}

/**
 * @throws RectioError `usage` for invalid options, `data` if the training split is smaller than one batch.
 */
export function createLoader(options: LoaderOptions): Loader {
  const { dataset, split: splitName, batch, workers = 1 } = options;
  const split = dataset[splitName];
  if (split === undefined) throw new Error(`No images of ${dataset.name} were held out for validation.`);
  // Without workers, preparing early gains nothing.
  const ahead = options.ahead ?? (workers === 0 ? 1 : Math.max(4, 2 * workers));
  checkWhole('batch', batch, 1, 65_536);
  checkWhole('workers', workers, 0, 64);
  checkWhole('ahead', ahead, 1, 1024);
  const recipe = batchRecipe(options, split);
  const stepsPerEpoch = splitName === 'train' ? Math.floor(split.count / batch) : Math.ceil(split.count / batch);
  const pool = bufferPool(recipe);
  let preparer: Preparer | undefined;
  let closed = false;

  async function* iterate(epoch: number, fromStep: number): AsyncGenerator<Batch, void, void> {
    const queue: Promise<PreparedBatch>[] = [];
    let next = fromStep;
    const fill = (): void => {
      if (closed) throw closedError();
      preparer ??= workers === 0 ? prepareHere(recipe) : prepareOnWorkers(recipe, workers);
      for (; queue.length < ahead && next < stepsPerEpoch; next++) {
        const prepared = preparer.prepare(epoch, next, pool.take());
        // The rejection is handled when the batch is awaited; this keeps Node.js from calling it unhandled before that.
        prepared.catch(() => undefined);
        queue.push(prepared);
      }
    };
    try {
      for (let index = fromStep; index < stepsPerEpoch; index++) {
        fill();
        const { count, buffers } = await queue.shift()!;
        yield { index, count, images: new Float32Array(buffers.images), targets: new Float32Array(buffers.targets) };
        pool.give(buffers);
      }
    } finally {
      for (const prepared of queue) {
        prepared.then(({ buffers }) => pool.give(buffers)).catch(() => undefined);
      }
    }
  }

  return {
    batch,
    stepsPerEpoch,
    epoch(epoch, fromStep = 0) {
      checkWhole('epoch', epoch, 0, 0xffff_ffff);
      checkWhole('fromStep', fromStep, 0, stepsPerEpoch);
      return iterate(epoch, fromStep);
    },
    async close() {
      closed = true;
      pool.clear();
      await preparer?.close();
    },
  };
}

interface BufferPool {
  take(): BatchBuffers;
  give(buffers: BatchBuffers): void;
  clear(): void;
}

function bufferPool({ batch, classes, shape: [channels, height, width] }: BatchRecipe): BufferPool {
  const free: BatchBuffers[] = [];
  return {
    take: () =>
      free.pop() ?? {
        images: new ArrayBuffer(batch * channels * height * width * 4),
        targets: new ArrayBuffer(batch * classes * 4),
      },
    give: (buffers) => free.push(buffers),
    clear: () => {
      free.length = 0;
    },
  };
}

function batchRecipe({ dataset, split: splitName, batch, ...options }: LoaderOptions, split: Split): BatchRecipe {
  const [, height, width] = dataset.shape;
  const transforms = options.transforms ?? noTransforms;
  checkTransforms(transforms, height, width);
  if (splitName === 'train' && split.count < batch) {
    throw new RectioError(
      'data',
      `The training split of ${dataset.name} has ${split.count} images, fewer than one batch of ${batch}.`,
      `Lower \`batch\` to ${Math.max(1, split.count)} or less.`,
    );
  }
  return {
    split,
    shape: dataset.shape,
    classes: dataset.classes.length,
    mean: dataset.mean,
    deviation: dataset.deviation,
    batch,
    seed: options.seed ?? 0,
    shuffle: options.shuffle ?? splitName === 'train',
    transforms,
  };
}

function checkWhole(name: string, value: number, from: number, to: number): void {
  if (Number.isInteger(value) && value >= from && value <= to) return;
  throw new RectioError('usage', `${name} cannot be ${value}.`, `Give a whole number from ${from} to ${to}.`);
}

function closedError(): RectioError {
  return new RectioError(
    'data',
    'The data loader was closed while a batch was still expected.',
    'Close the loader after its last batch.',
  );
}

/** Prepares batches in this thread, on request. */
function prepareHere(recipe: BatchRecipe): Preparer {
  const maker = createBatchMaker(recipe);
  return {
    prepare: async (epoch, step, buffers) => ({
      count: maker.make(epoch, step, new Float32Array(buffers.images), new Float32Array(buffers.targets)),
      buffers,
    }),
    close: async () => maker.close(),
  };
}

interface Job {
  readonly resolve: (prepared: PreparedBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** Prepares batches on worker threads, which take turns. Buffers are transferred, not copied. */
function prepareOnWorkers(recipe: BatchRecipe, count: number): Preparer {
  const lanes = Array.from({ length: count }, () => createLane(recipe));
  let turn = 0;
  return {
    prepare: (epoch, step, buffers) => lanes[turn++ % count]!.prepare(epoch, step, buffers),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** One worker and its pending jobs. The worker keeps the process alive only while jobs are pending. */
function createLane(recipe: BatchRecipe): Preparer {
  const worker = new Worker(workerUrl('loader-worker', import.meta.url), { workerData: recipe, execArgv: [] });
  const jobs = new Map<number, Job>();
  let lastJob = 0;
  let dead: unknown;
  worker.unref();

  const fail = (error: unknown): void => {
    dead ??= error;
    for (const job of jobs.values()) job.reject(dead);
    jobs.clear();
  };
  worker.on('message', (answer: BatchAnswer) => {
    const job = jobs.get(answer.job);
    jobs.delete(answer.job);
    if (jobs.size === 0) worker.unref();
    if ('error' in answer) job?.reject(rebuildError(answer.error));
    else job?.resolve(answer);
  });
  worker.on('error', (error) => fail(workerError(error.message, error)));
  worker.on('exit', (code) => fail(workerError(`it exited with code ${code}`)));

  return {
    prepare: (epoch, step, buffers) =>
      new Promise((resolve, reject) => {
        if (dead !== undefined) {
          reject(dead);
          return;
        }
        const request: BatchRequest = { job: ++lastJob, epoch, step, buffers };
        jobs.set(request.job, { resolve, reject });
        worker.ref();
        worker.postMessage(request, [buffers.images, buffers.targets]);
      }),
    async close() {
      fail(closedError());
      await worker.terminate();
    },
  };
}

function workerError(reason: string, cause?: unknown): RectioError {
  return new RectioError(
    'data',
    `A data loader thread stopped: ${reason}.`,
    'If memory is short, lower `batch`; `data.workers: 0` prepares without threads.',
    { cause },
  );
}

/** Rebuilds an error that a worker threw, so that it looks as if it was thrown here. */
function rebuildError(error: { code?: ErrorCode; message: string; hint?: string }): Error {
  if (error.code === undefined || error.hint === undefined) return new Error(error.message);
  return new RectioError(error.code, error.message, error.hint);
}
