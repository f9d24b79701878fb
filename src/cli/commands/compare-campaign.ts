/** `rectio compare` for a plan of several studies: a campaign. */

import { join } from 'node:path';

import { RectioError } from '../../base/error.js';
import type { TrainConfigInput } from '../../config/index.js';
import type { Campaign, CampaignPlan } from '../../study/index.js';
import { namingFile } from '../options/config-file.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { printCampaignReport } from '../terminal/campaign-result.js';
import type { Output } from '../terminal/output.js';
import { signalExitCode, type StopSignal } from '../terminal/signals.js';
import { workSentence } from '../terminal/work.js';
import { aboutThis, runTrainings, type WorkValues } from './compare-run.js';
import { checkNetworks } from './compare-networks.js';

export interface CampaignValues extends WorkValues {
  readonly plan: string | undefined;
  readonly study: string | undefined;
  readonly dryRun: boolean;
}

/**
 * Begins a campaign, or continues the one with the same plan.
 * @param file the plan file's content
 * @param settings of the command line, for all studies
 */
export async function beginCampaignOf(
  file: unknown,
  settings: TrainConfigInput,
  values: CampaignValues,
  output: Output,
): Promise<number> {
  const { beginCampaign, resolveCampaign } = await import('../../study/index.js');
  const plan = namingFile(values.plan, () => resolveCampaign(file, settings));
  for (const study of Object.values(plan.studies)) await checkNetworks(study);
  const folder = values.study ?? `studies/${plan.name}`;
  if (values.dryRun) return showCampaign(plan, folder, values.json, output);
  const { campaign, found } = await beginCampaign(folder, plan, await aboutThis());
  output.note(
    found
      ? `${folder} already holds this campaign; continuing it.`
      : `${plan.name}, plan ${campaign.record.hash}: publish this hash before the first result.`,
  );
  return runCampaign(campaign, values, output);
}

/** Runs the trainings that remain, study by study, then writes the report. */
export async function runCampaign(campaign: Campaign, values: WorkValues, output: Output): Promise<number> {
  const { writeCampaignReport } = await import('../../study/index.js');
  let stopped: StopSignal | undefined;
  for (const { name, study } of campaign.studies) {
    if (study === undefined) {
      throw new RectioError(
        'usage',
        `The study ${name} of ${campaign.folder} is not there.`,
        'Run the campaign with its plan file again, which makes the study again.',
      );
    }
    output.note(`${name}: ${study.trials.length} trainings`);
    stopped = await runTrainings(study, values, output);
    if (stopped !== undefined) break;
  }
  const report = await writeCampaignReport(campaign);
  await printCampaignReport(report, values.json, output);
  if (stopped !== undefined) {
    output.note(`Go on with: npx rectio compare --study ${campaign.folder}`);
    return signalExitCode(stopped);
  }
  const whole = report.result.studies.every(({ trainings }) => trainings?.done === trainings?.all);
  return whole ? exitCodes.done : exitCodes.failed;
}

async function showCampaign(plan: CampaignPlan, folder: string, json: boolean, output: Output): Promise<number> {
  const { campaignHash, expectedDetectable, expectedTime, planHash, plannedWork, printClaim, ruleSentence } =
    await import('../../study/index.js');
  const studies = Object.entries(plan.studies).map(([name, study]) => ({
    name,
    hash: planHash(study),
    trainings: plannedWork(study).trainings,
    detectable: expectedDetectable(study),
  }));
  const hash = campaignHash(Object.fromEntries(studies.map((study) => [study.name, study.hash])), plan.claims);
  if (json) {
    output.json({ campaign: plan.name, hash, studies, ...plan.claims });
    return exitCodes.done;
  }
  const sum = studies.reduce((total, { trainings }) => total + trainings, 0);
  const work: string[] = [];
  for (const [name, study] of Object.entries(plan.studies)) {
    const time = await expectedTime(study, join(folder, 'studies', name));
    work.push(`  ${name}: ${workSentence({ ...plannedWork(study), time })}`);
  }
  output.print(
    [
      `${plan.name}, plan ${hash}: ${studies.length} studies, ${sum} trainings`,
      ...work,
      ...plan.claims.hypotheses.map(
        (hypothesis) => `  ${hypothesis.name} (${hypothesis.role}): ${printClaim(hypothesis)}`,
      ),
      ruleSentence(plan.claims),
    ].join('\n'),
  );
  return exitCodes.done;
}
