/**
 * The thread in which a network's module runs: imports it, says so, is told what the data ask, answers with the network.
 * Nothing that the module does (or waits for) can hold up the thread that started this one.
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

/** What this thread says: that the module is there, then the network as JSON; or what went wrong, at any time. */
export type Answer = { readonly loaded: true } | { readonly graph: string } | { readonly problem: Problem };

const port = parentPort!;
const file = workerData as NamedModule;
const answer = (value: Answer): void => port.postMessage(value);

type Make = (options: NetworkOptions) => unknown;

/** Node 22.15 and later have hooks in the thread itself, older ones in a thread beside it. */
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
    'Export a function that makes the network: export function network({ classes, inputShape }) { … return net.build(); }',
  );
}

/** The network as JSON text, which holds nothing but data. */
function serialize(made: unknown): string {
  if (isGraph(made)) return JSON.stringify(graphToJson(made));
  const what = made === undefined ? 'nothing' : isBuilder(made) ? 'the builder' : 'something that is no network';
  throw new RectioError('graph', `network gave ${what}`, 'Let it end with: return net.build();');
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isGraph = (value: unknown): value is Graph =>
  isRecord(value) && typeof value['name'] === 'string' && Array.isArray(value['nodes']);
const isBuilder = (value: unknown): boolean => isRecord(value) && typeof value['build'] === 'function';

/** No await at the top level: Node would warn of one that never ends, where `ended` says the same in other words. */
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
Error.stackTraceLimit = 50; // a network is built in nested calls, and the module's own lines have to be among them
void main();
