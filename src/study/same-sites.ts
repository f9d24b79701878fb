/** All trainings of an arm have the same network: one that an earlier version began keeps other sites than this one would. */

import { RectioError } from '../base/error.js';
import { proportionOptions } from '../config/index.js';
import type { Graph } from '../graph/index.js';
import { applyRatio } from '../proportion/index.js';
import { readRunRecord, type RunRecord } from '../run/index.js';
import { runFolder } from './folder.js';
import type { Trial } from './plan.js';
import { trialState } from './trial.js';

/**
 * @param left the trials that are still to be run; those that have begun go on with the network that they hold
 * @throws RectioError `usage` if a new training would keep other sites than those of its arm that have begun
 */
export async function refuseOtherSites(study: string, trials: readonly Trial[], left: Iterable<Trial>): Promise<void> {
  const begun = new Map<string, Trial>();
  const open = new Set<string>();
  for (const trial of trials) {
    const state = await trialState(study, trial);
    if (state === 'done' || state === 'begun') begun.set(trial.arm.id, trial);
  }
  for (const trial of left) if ((await trialState(study, trial)) === 'open') open.add(trial.arm.id);
  for (const [arm, trial] of begun) {
    if (!open.has(arm) || keepsSites(await readRunRecord(runFolder(study, trial)))) continue;
    throw new RectioError(
      'usage',
      `${runFolder(study, trial)} was trained by a version that kept other sites at ${trial.arm.label}. ` +
        'New trainings of this study would not be comparable with it.',
      'Begin a new study with `study`. This one can still be reported.',
    );
  }
}

/** Whether this version keeps the same sites of a run's network. */
export function keepsSites({ graph, proportion: { sites }, config }: RunRecord): boolean {
  const dropped = new Set(sites.filter(({ kept }) => !kept).map(({ name }) => name));
  const now = applyRatio(withActivations(graph, dropped), proportionOptions(config.ratio)).report.sites;
  return now.length === sites.length && now.every(({ name, kept }) => kept === !dropped.has(name));
}

/** The network before its ratio, but for the kind of the dropped activations, which decides nothing about sites. */
const withActivations = (graph: Graph, dropped: ReadonlySet<string>): Graph => ({
  ...graph,
  nodes: graph.nodes.map((node) => (dropped.has(node.name) ? { ...node, op: { kind: 'relu' } } : node)),
});
