/** What a run remembers of the weights that it began with. */

import { aBoolean, aCount, aText, fields, listOf } from '../base/parse.js';
import { showName } from '../formats/index.js';
import { printShape, type Shape } from '../graph/index.js';

/** What a file of weights gave to a network, in the file's names. */
export interface WeightsReport {
  readonly file: string;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** How many parameters and statistics have their values from the file. */
  readonly loaded: number;
  /** What the network has and the file has not. */
  readonly missing: readonly string[];
  /** What the file has and the network has not. */
  readonly unexpected: readonly string[];
  readonly reshaped: readonly Reshaped[];
  /** Whether the classifier begins afresh. */
  readonly newHead: boolean;
}

/** What both have, in different shapes. */
export interface Reshaped {
  readonly name: string;
  readonly file: Shape;
  readonly network: Shape;
}

export const parseWeightsReport = fields<WeightsReport>({
  file: aText,
  sha256: aText,
  loaded: aCount,
  missing: listOf(aText),
  unexpected: listOf(aText),
  reshaped: listOf(fields<Reshaped>({ name: aText, file: listOf(aCount), network: listOf(aCount) })),
  newHead: aBoolean,
});

export interface InitialWeights {
  readonly report: WeightsReport;
  /** By the network's names. Parameters that are missing here are drawn from the seed. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** Says in sentences which entries were loaded and which were not. */
export function describeWeights(report: WeightsReport): string[] {
  const { file, sha256, loaded, newHead } = report;
  return [
    `weights: ${loaded} entries from ${file} (SHA-256 ${sha256.slice(0, 12)}…)`,
    ...describeDifferences(report),
    ...(newHead ? ['the classifier is new: it keeps its fresh initialization'] : []),
  ];
}

export function describeDifferences({
  missing,
  unexpected,
  reshaped,
}: Pick<WeightsReport, 'missing' | 'unexpected' | 'reshaped'>): string[] {
  const shapes = reshaped.map(
    ({ name, file, network }) =>
      `${showName(name)} (${printShape(file)} in the file, ${printShape(network)} in the network)`,
  );
  return [
    ...describeList('missing in the file', missing.map(showName)),
    ...describeList('unknown to the network', unexpected.map(showName)),
    ...describeList('of another shape', shapes),
  ];
}

/** How many names are spelled out. */
const shown = 4;

function describeList(what: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > shown ? ` and ${items.length - shown} more` : '';
  return [`${items.length} ${what}: ${items.slice(0, shown).join(', ')}${more}`];
}
