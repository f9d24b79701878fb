/** A network as JSON in a file. What is read is not trusted. */

import { readFile } from 'node:fs/promises';

import { RectioError } from '../base/error.js';
import { checkGraphText, graphFromJson, type Graph } from '../graph/index.js';
import type { NetworkFile } from './contract.js';
import { checkFit, madeFor } from './fit.js';

const hints = {
  input:
    'Give images of its size, or write the file anew for these: npx rectio inspect NAME --size PIXELS --save-graph FILE',
  classes: 'Write the file anew for these: npx rectio inspect NAME --classes COUNT --save-graph FILE',
};

/** @throws RectioError `graph` naming the file and the node, or where the JSON breaks off */
export async function openGraphFile(path: string): Promise<NetworkFile> {
  const graph = graphOf(path, await readFile(path, 'utf8'));
  return {
    defaults: madeFor(path, graph),
    known: () => graph,
    network: async (options = {}) => {
      checkFit(path, graph, options, hints);
      return graph;
    },
    close: async () => undefined,
  };
}

function graphOf(path: string, text: string): Graph {
  naming(path, () => checkGraphText(text));
  const json = parse(path, text);
  return naming(path, () => graphFromJson(json));
}

/** What `read` has against the file is said with the file's name. */
function naming<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    throw new RectioError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    const before = text.slice(0, Number(position ?? 0)).split('\n');
    const place = position === undefined ? '' : `:${before.length}:${before.at(-1)!.length + 1}`;
    throw new RectioError(
      'graph',
      // It quotes the file, in which there may be signs that a terminal would obey.
      `${path}${place} is not JSON: ${message.replace(/ \(line \d+ column \d+\)/, '').replaceAll(/\p{C}/gu, '?')}`,
      'A network in JSON is what npx rectio inspect NAME --save-graph FILE writes.',
      { cause: error },
    );
  }
}
