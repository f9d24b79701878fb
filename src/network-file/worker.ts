/**
 * The thread that runs a network's module. It imports the module and reports that, receives the requirements of the
 * data and answers with the network. Nothing that the module does or awaits can block the thread that started this one.
 */

import { once } from 'node:events';
import * as nodeModule from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

import { RectioError } from '../base/error.js';
import * as publicApi from '../index.js';
import { graphToJson, type Graph } from '../graph/index.js';
import type { NetworkOptions } from './contract.js';
import type * as Hooks from './hooks.js';
import { problemOf, type NamedModule, type Problem } from './problem.js';

/** Messages of this thread: first that the module is loaded, then the network as JSON; at any time, a problem. */
export type Answer = { readonly loaded: true } | { readonly graph: string } | { readonly problem: Problem };

const port = parentPort!;
const file = workerData as NamedModule;
const answer = (value: Answer): void => port.postMessage(value);

type Make = (options: NetworkOptions) => unknown;

/** Node 22.15 and later run hooks in the same thread, older versions in a separate one. */
async function installHooks(): Promise<void> {
  const { registerHooks } = nodeModule as { readonly registerHooks?: (hooks: typeof Hooks) => void };
  if (registerHooks === undefined) nodeModule.register('./hooks.js', import.meta.url);
  else registerHooks(await import('./hooks.js'));
}

function networkExport(module: Record<string, unknown>): unknown {
  const network = module['network'] ?? module['default'];
  if (network !== undefined) return network;
  const names = Object.keys(module);
  throw new RectioError(
    'graph',
    names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}, but no network`,
    'Export a function that returns it: export function network({ classes, inputShape }) { … return net.build(); }',
  );
}

/** The network as JSON text, so that it contains only data. */
function serialize(made: unknown): string {
  if (isGraph(made)) return JSON.stringify(graphToJson(made));
  const what = made === undefined ? 'nothing' : isBuilder(made) ? 'the builder' : 'something that is no network';
  throw new RectioError('graph', `network returned ${what}`, 'End it with: return net.build();');
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isGraph = (value: unknown): value is Graph =>
  isRecord(value) && typeof value['name'] === 'string' && Array.isArray(value['nodes']);
const isBuilder = (value: unknown): boolean => isRecord(value) && typeof value['build'] === 'function';

/** A function, because Node warns about a top-level await that never ends; `ended` already reports that case. */
async function main(): Promise<void> {
  await installHooks();
  const exported = networkExport((await import(file.url)) as Record<string, unknown>);
  answer({ loaded: true });
  const [options] = (await once(port, 'message')) as [NetworkOptions];
  answer({ graph: serialize(typeof exported === 'function' ? await (exported as Make)(options) : exported) });
}

function giveUp(error: unknown): void {
  answer({ problem: problemOf(error, file, Object.keys(publicApi)) });
  process.exit();
}

process.on('uncaughtException', giveUp);
process.on('unhandledRejection', giveUp);
Error.stackTraceLimit = 50; // networks are built in nested calls, and the stack must reach the module's own lines
void main();
