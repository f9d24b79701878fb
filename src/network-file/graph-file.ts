/** Reads a network from a JSON file, which is untrusted input. */

import { RectioError } from '../base/error.js';
import { checkGraphText, graphFromJson, type Graph } from '../graph/index.js';
import type { NetworkFile } from './contract.js';
import { checkFit, madeFor } from './fit.js';
import { readText } from '../system/json-file.js';

const hints = {
  input: 'Give images of its size, or write the file anew for these: `npx rectio inspect` with `size` and `saveGraph`.',
  classes: 'Write the file anew for these: `npx rectio inspect` with `classes` and `saveGraph`.',
};

const jsonHint = 'Write a network to JSON with `npx rectio inspect` and `saveGraph`.';

/** @throws RectioError `graph`; it names the file, and the node or the position in the JSON */
export async function openGraphFile(path: string): Promise<NetworkFile> {
  const graph = graphOf(path, await readText(path, { code: 'graph', hint: jsonHint }));
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

/** Adds the file's name to the errors of `read`. */
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
      // The message quotes the file, which may contain control characters that a terminal would obey.
      `${path}${place} is not JSON: ${message.replace(/ \(line \d+ column \d+\)/, '').replaceAll(/\p{C}/gu, '?')}`,
      jsonHint,
      { cause: error },
    );
  }
}
