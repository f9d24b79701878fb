/** Resolves the stages that a user names: by name, by number, or as a range. */

import { RectioError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import type { Graph } from '../graph/index.js';

/** The stages of a network in forward order. */
export function stageNames(graph: Graph): string[] {
  return [...new Set(graph.nodes.flatMap(({ place }) => place.stage ?? []))];
}

/**
 * The stages among `names` that `text` refers to: `layer1` is a name, `stage1` the first stage, `stage2-4` and `layer2-layer4`
 * are ranges. A name takes precedence over a number.
 * @throws RectioError `usage` listing the stages of the network.
 */
export function resolveStages(text: string, names: readonly string[], network: string): readonly string[] {
  const single = indexOf(text, names);
  if (single !== undefined) return [names[single]!];
  const [, from, to] = /^(.*\d)\s*-\s*(.*\d)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw unknownStage(text, names, network);
  const first = indexOf(from, names);
  // `stage2-4` is short for `stage2-stage4`.
  const last = indexOf(to, names) ?? indexOf(`${from.replace(/\d+$/, '')}${to}`, names);
  if (first === undefined) throw unknownStage(from, names, network);
  if (last === undefined) throw unknownStage(to, names, network);
  if (last < first) {
    throw new RectioError('usage', `The stages ${text} run backwards`, `Give them in forward order: ${to}-${from}.`);
  }
  return names.slice(first, last + 1);
}

function indexOf(text: string, names: readonly string[]): number | undefined {
  const named = names.indexOf(text);
  if (named !== -1) return named;
  const number = Number(/^stage(\d+)$/.exec(text)?.[1] ?? 0);
  return number >= 1 && number <= names.length ? number - 1 : undefined;
}

function unknownStage(text: string, names: readonly string[], network: string): RectioError {
  if (names.length === 0) {
    return new RectioError('usage', `Network ${network} has no stages`, 'Give one ratio for the whole of it.');
  }
  const near = nearest(text, names);
  const all = `Its stages are ${names.join(', ')}, or by number stage1 to stage${names.length}.`;
  return new RectioError(
    'usage',
    `Network ${network} has no stage '${text}'`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}? ${all}` : all,
  );
}
