/** Batches of a split, prepared ahead on worker threads, in order, the same bits however many workers there are. */

import { Worker } from 'node:worker_threads';

import { RectioError, type ErrorCode } from '../base/error.js';
import { createBatchMaker, type BatchRecipe } from './batch.js';
import type { Batch, Dataset } from './dataset.js';
import { checkTransforms, noTransforms, type Transforms } from './transforms.js';
import { workerUrl } from '../base/worker-url.js';

export interface LoaderOptions {
  readonly dataset: Dataset;
  /** `validation` only where images were held out. */
  readonly split: 'train' | 'test' | 'validation';
  /** Images per batch, ≥ 1. */
  readonly batch: number;
  /** Order and transforms are drawn from it. Default 0. */
  readonly seed?: number;
  /** Default: normalization only. */
  readonly transforms?: Transforms;
  /** Threads that prepare; 0 prepares in the caller's thread. Default 1, which is enough for several fast engines. */
  readonly workers?: number;
  /** Default: on for `train`, off for the others. */
  readonly shuffle?: boolean;
  /** Batches prepared ahead. Default: 4, or 2 per worker where that is more; 1 without workers. */
  readonly ahead?: number;
}

export interface Loader {
  readonly batch: number;
  /** `train` leaves out the incomplete last batch, the others pad it. */
  readonly stepsPerEpoch: number;
  /**
   * The batches of one epoch from `fromStep` on; preparation starts with the first `next()`. A batch belongs to the
   * caller until the next one is asked for: its buffers are then taken back and filled anew, so copy what must stay.
   */
  epoch(epoch: number, fromStep?: number): AsyncGenerator<Batch, void, void>;
  /** Ends the workers; every later batch is refused. */
  close(): Promise<void>;
}

/** A pair of buffers that travels between the threads. */
export interface BatchBuffers {
  readonly images: ArrayBuffer;
  readonly targets: ArrayBuffer;
}

/** What a worker is asked. */
export interface BatchRequest {
  readonly job: number;
  readonly epoch: number;
  readonly step: number;
  readonly buffers: BatchBuffers;
}

/** What a worker answers. */
export type BatchAnswer =
  | { readonly job: number; readonly count: number; readonly buffers: BatchBuffers }
  | {
      readonly job: number;
      readonly error: { readonly code?: ErrorCode; readonly message: string; readonly hint?: string };
    };

/** Prepares batches somewhere. */
interface Preparer {
  prepare(epoch: number, step: number, buffers: BatchBuffers): Promise<PreparedBatch>;
  close(): Promise<void>;
}

interface PreparedBatch {
  readonly count: number;
  readonly buffers: BatchBuffers;
}

/**
 * @throws RectioError `usage` for options that make no sense, `data` where a training split is smaller than a batch.
 */
export function createLoader(options: LoaderOptions): Loader {
  const { dataset, split: splitName, batch } = options;
  const transforms = options.transforms ?? noTransforms;
  const workers = options.workers ?? 1;
  const split = dataset[splitName];
  if (split === undefined) throw new Error(`No images of ${dataset.name} were held out for validation.`);
  const [channels, height, width] = dataset.shape;
  checkWhole('batch', batch, 1, 65_536);
  checkWhole('workers', workers, 0, 64);
  // Without a worker nothing is gained by preparing early.
  const ahead = options.ahead ?? (workers === 0 ? 1 : Math.max(4, 2 * workers));
  checkWhole('ahead', ahead, 1, 1024);
  checkTransforms(transforms, height, width);
  if (splitName === 'train' && split.count < batch) {
    throw new RectioError(
      'data',
      `The training split of ${dataset.name} has ${split.count} images, fewer than one batch of ${batch}.`,
      `Lower --batch to ${Math.max(1, split.count)} or less.`,
    );
  }
  const stepsPerEpoch = splitName === 'train' ? Math.floor(split.count / batch) : Math.ceil(split.count / batch);
  const recipe: BatchRecipe = {
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
  const imageBytes = batch * channels * height * width * 4;
  const targetBytes = batch * recipe.classes * 4;
  const free: BatchBuffers[] = [];
  const takeBuffers = (): BatchBuffers =>
    free.pop() ?? { images: new ArrayBuffer(imageBytes), targets: new ArrayBuffer(targetBytes) };
  let preparer: Preparer | undefined;
  let closed = false;

  async function* iterate(epoch: number, fromStep: number): AsyncGenerator<Batch, void, void> {
    const queue: Promise<PreparedBatch>[] = [];
    let next = fromStep;
    const fill = (): void => {
      if (closed) throw closedError();
      preparer ??= workers === 0 ? prepareHere(recipe) : prepareOnWorkers(recipe, workers);
      for (; queue.length < ahead && next < stepsPerEpoch; next++) {
        const prepared = preparer.prepare(epoch, next, takeBuffers());
        // Looked at when its turn comes; until then a failure must not count as unhandled.
        prepared.catch(() => undefined);
        queue.push(prepared);
      }
    };
    try {
      for (let index = fromStep; index < stepsPerEpoch; index++) {
        fill();
        const { count, buffers } = await queue.shift()!;
        yield { index, count, images: new Float32Array(buffers.images), targets: new Float32Array(buffers.targets) };
        free.push(buffers);
      }
    } finally {
      for (const prepared of queue) {
        prepared.then(
          ({ buffers }) => free.push(buffers),
          () => undefined,
        );
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
      free.length = 0;
      await preparer?.close();
    },
  };
}

function checkWhole(name: string, value: number, from: number, to: number): void {
  if (Number.isInteger(value) && value >= from && value <= to) return;
  throw new RectioError('usage', `${name} cannot be ${value}.`, `Give a whole number from ${from} to ${to}.`);
}

function closedError(): RectioError {
  return new RectioError('data', 'The data loader was closed while batches were still wanted.', 'Close it last.');
}

/** Prepares in this thread, when asked. */
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

/** Prepares on worker threads; jobs are dealt out in turn, buffers are handed over, not copied. */
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

/** One worker with the jobs it still owes. It keeps the process alive only while it owes some. */
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
  worker.on('exit', (code) => fail(workerError(`it left with code ${code}`)));

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
    `A thread that prepares the data stopped: ${reason}.`,
    'If memory is short, lower --batch; --workers 0 prepares without threads.',
    { cause },
  );
}

/** An error thrown in a worker, as it would be here. */
function rebuildError(error: { code?: ErrorCode; message: string; hint?: string }): Error {
  if (error.code === undefined || error.hint === undefined) return new Error(error.message);
  return new RectioError(error.code, error.message, error.hint);
}
