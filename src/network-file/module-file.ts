/** Opens a network in a TypeScript or JavaScript file by running it in a separate thread. */

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { RectioError } from '../base/error.js';
import { workerUrl } from '../base/worker-url.js';
import { graphFromJson, type Graph } from '../graph/index.js';
import type { NetworkFile, NetworkOptions } from './contract.js';
import { checkFit } from './fit.js';
import type { NamedModule, Problem } from './problem.js';
import type { Answer } from './worker.js';

/** The defaults are those of CIFAR-10. */
const defaults: NetworkOptions = { classes: 10, inputShape: [3, 32, 32] };

const hints = {
  input: 'Begin with graphBuilder(name, inputShape), where inputShape is the one passed to network.',
  classes: 'Give the last layer outFeatures: classes, where classes is the number passed to network.',
};

/** Runs the module to its end. Its `network` function runs later, when the data is known. */
export async function openModuleFile(path: string, signal?: AbortSignal): Promise<NetworkFile> {
  const thread = startThread(path, signal);
  try {
    await thread.hear();
  } catch (error) {
    await thread.end();
    throw error;
  }
  return {
    defaults,
    known: () => undefined,
    network: async (asked = {}) => {
      thread.tell({ ...defaults, ...asked });
      const answer = await thread.hear();
      const graph = 'graph' in answer ? graphOf(path, answer.graph) : undefined;
      if (graph === undefined) throw new Error('The thread of a network file answered out of order.');
      checkFit(path, graph, asked, hints);
      return graph;
    },
    close: thread.end,
  };
}

function graphOf(path: string, json: string): Graph {
  try {
    return graphFromJson(JSON.parse(json));
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    throw new RectioError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
  }
}

type Given = Exclude<Answer, { problem: Problem }>;

interface Thread {
  tell(options: NetworkOptions): void;
  /** Waits for the next answer. @throws RectioError if the module fails or ends instead */
  hear(): Promise<Given>;
  end(): Promise<void>;
}

function startThread(path: string, signal: AbortSignal | undefined): Thread {
  const file: NamedModule = { url: pathToFileURL(resolve(path)).href, path };
  const worker = new Worker(workerUrl('worker', import.meta.url), {
    workerData: file,
    argv: [],
    execArgv: [],
    stdout: true,
  });
  // Standard output is reserved for the command's own result.
  worker.stdout.pipe(process.stderr, { end: false });
  const answers: Given[] = [];
  let failure: unknown;
  let wake = (): void => undefined;
  const fail = (error: unknown): void => {
    failure ??= error;
    wake();
  };
  const stop = (): void => fail(interrupted(path));
  worker.on('message', (answer: Answer) => {
    if ('problem' in answer) return fail(errorOf(answer.problem));
    answers.push(answer);
    wake();
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(ended(path)));
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  return {
    tell: (options) => worker.postMessage(options, []),
    async hear() {
      if (answers.length === 0 && failure === undefined) await new Promise<void>((woken) => (wake = woken));
      const answer = answers.shift();
      if (answer === undefined) throw failure;
      return answer;
    },
    async end() {
      signal?.removeEventListener('abort', stop);
      await worker.terminate();
    },
  };
}

function errorOf({ code, message, hint, stack }: Problem): RectioError {
  return new RectioError(code, message, hint, { cause: Object.assign(new Error(message), { stack }) });
}

function interrupted(path: string): RectioError {
  return new RectioError('interrupted', `Stopped while ${path} was running.`, 'Run the command again.');
}

function ended(path: string): RectioError {
  return new RectioError(
    'graph',
    `${path} ended without giving a network`,
    'Look for an await that never resolves, or a call of process.exit.',
  );
}
