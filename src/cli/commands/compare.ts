/** `rectio compare`: trains a network at several ratios over several seeds, and says which differences are real. */

import { RectioError } from '../../base/error.js';
import type { Study, StudyPlan } from '../../study/index.js';
import { defineCommand } from '../command.js';
import { namingFile } from '../options/config-file.js';
import { readDocument } from '../options/document-file.js';
import { engineOptions } from '../options/engine-options.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { givenModel, missingModel, modelOptions, modelPositional } from '../options/network.js';
import { decimal, flag, integer, list, optionName, text, type Values } from '../options/options.js';
import type { Output } from '../terminal/output.js';
import { signalExitCode } from '../terminal/signals.js';
import { printReport } from '../terminal/study-result.js';
import { workSentence, type Work } from '../terminal/work.js';
import { givenSettings } from '../options/setting-options.js';
import { trainingFields, trainingOptions } from '../options/training-options.js';
import { defined } from '../../base/defined.js';
import { exists } from '../../system/errno.js';
import { beginCampaignOf, runCampaign } from './compare-campaign.js';
import { checkNetworks } from './compare-networks.js';
import { aboutThis, runTrainings } from './compare-run.js';

/** The options that determine a study's results. */
const planOptions = {
  ...modelOptions,
  ratios: list('RATIOS', {
    help: 'the ratios to compare with 1:1, such as 2:1,2:1@10,3:2; repeat the option for ratios by stage',
    standard: '2:1',
  }),
  scopes: list('SCOPES', { help: 'where patterns start again: network, stage, block', standard: 'network' }),
  seeds: integer('COUNT', { from: 1 }, { help: 'trainings of each ratio, with seeds from 0 on', standard: '3' }),
  controls: list('CONTROLS', {
    help: 'otherSeeds: 1:1 again with different seeds; leaky: leaky ReLUs in place of dropped ones',
    standard: 'none',
  }),
  worthwhile: decimal(
    'POINTS',
    { above: 0 },
    { help: 'the smallest difference in test error that matters', standard: '0.3' },
  ),
  plan: text('FILE', { help: 'a plan file, YAML or JSON; options override it' }),
  ...trainingOptions,
};

/** The options that only say how the work is done. */
const workOptions = {
  study: text('DIR', { help: "the study's folder; an existing study goes on", standard: 'studies/NAME' }),
  addSeeds: integer('COUNT', { from: 1 }, { help: 'add this many seeds to the study in --study' }),
  jobs: integer('COUNT', { from: 1, to: 256 }, { help: 'parallel trainings; they share the threads', standard: '1' }),
  retryFailed: flag('repeat trainings that failed before'),
  trustCode: flag('let a study that somebody else began run the code of its networks'),
  dryRun: flag('show the plan and stop'),
  ...engineOptions,
  json: flag('print one JSON document on standard output, everything else on standard error'),
};

const options = { ...planOptions, ...workOptions };

type CompareValues = Values<typeof options>;

export const compareCommand = defineCommand({
  name: 'compare',
  summary: 'train several ratios over several seeds, and say which differences are real',
  description:
    'Makes a study: trains every ratio with the same seeds, takes differences seed by seed, and calls each one better, ' +
    'worse or not distinguishable. A stopped study goes on where it was; several machines that share its folder can work ' +
    "on it at once. The report is written into the study's folder.",
  positionals: [modelPositional],
  options,
  examples: [
    { command: 'npx rectio compare resnet20 --ratios 2:1,3:2 --seeds 3 --epochs 3', does: 'on the built-in dataset' },
    {
      command: 'npx rectio compare resnet20 --ratios 2:1,2:1@10,3:2 --seeds 5 --data cifar10 --epochs 15',
      does: 'CIFAR-10, two patterns of 2:1',
    },
    { command: 'npx rectio compare --plan study.yaml', does: 'a study or campaign planned in a file' },
    { command: 'npx rectio compare --study studies/resnet20 --add-seeds 5', does: 'more seeds for a study' },
  ],
  async run({ values, given, positionals }, output) {
    const model = givenModel(positionals, values);
    const goesOn = values.study !== undefined && model === undefined && values.plan === undefined;
    if (goesOn || values.addSeeds !== undefined) return goOn(values, given, output);
    const file = values.plan === undefined ? {} : await readDocument(values.plan);
    const { isCampaign } = await import('../../study/index.js');
    if (!isCampaign(file)) return begin(model, file, values, output);
    refuseForCampaign(model, given);
    return beginCampaignOf(file, givenSettings(trainingFields, values), values, output);
  },
});

/** Begins a study, or continues the one with the same plan. */
async function begin(model: string | undefined, file: unknown, values: CompareValues, output: Output): Promise<number> {
  const { beginStudy, ownFolder, resolvePlan } = await import('../../study/index.js');
  const input = planInput(model, file, values);
  const plan = namingFile(values.plan, () => resolvePlan(input));
  await checkNetworks(plan);
  const folder = values.study ?? (await ownFolder(`studies/${plan.name}`, plan));
  const work = await workOf(plan, folder);
  if (values.dryRun) return showPlan(plan, work, values, output);
  const { study, found } = await beginStudy(folder, plan, await aboutThis());
  output.note(found ? `${folder} already holds this study; continuing it.` : `study folder: ${folder}`);
  if (!found) output.note([workSentence(work), await expectation(plan)].join('\n'));
  return runAndReport(study, values, output);
}

/** Continues the study in --study, with more seeds if --add-seeds is given. */
async function goOn(values: CompareValues, given: ReadonlySet<string>, output: Output): Promise<number> {
  const other = [...given].find((key) => !Object.hasOwn(workOptions, key) || key === 'dryRun');
  if (other !== undefined || values.study === undefined) {
    throw new RectioError(
      'usage',
      other === undefined
        ? '--add-seeds needs --study: it adds seeds to an existing study'
        : `${optionName(other)} cannot be given for an existing study: its plan never changes`,
      'Write: npx rectio compare --study DIR --add-seeds COUNT',
    );
  }
  const { addSeeds, campaignFile, openCampaign, openStudy } = await import('../../study/index.js');
  if (await exists(campaignFile(values.study))) {
    if (values.addSeeds !== undefined) {
      throw new RectioError(
        'usage',
        `${values.study} is a campaign, whose seeds are fixed`,
        'Add seeds to one of its studies, below studies/; they do not count in the campaign.',
      );
    }
    return runCampaign(await openCampaign(values.study), values, output);
  }
  const study = await openStudy(values.study);
  const grown = values.addSeeds === undefined ? study : await addSeeds(study, values.addSeeds);
  return runAndReport(grown, values, output);
}

/** The options of a single study's grid say nothing to a campaign, whose plan has the grids of all its studies. */
function refuseForCampaign(model: string | undefined, given: ReadonlySet<string>): void {
  const grid = ['ratios', 'scopes', 'seeds', 'controls', 'worthwhile'].find((key) => given.has(key));
  if (model === undefined && grid === undefined) return;
  throw new RectioError(
    'usage',
    `${grid === undefined ? `The network ${model}` : optionName(grid)} cannot be given beside the plan of a campaign`,
    'Write it into the study in the plan that it belongs to.',
  );
}

/** The plan: the file's entries, overridden by options. */
function planInput(model: string | undefined, file: unknown, values: CompareValues): unknown {
  if (model === undefined && values.plan === undefined) missingModel('compare');
  const settings = givenSettings(trainingFields, values);
  const standard = { ratios: ['2:1'], seeds: 3 };
  const own = defined({
    networks: model === undefined ? undefined : [model],
    ratios: values.ratios === undefined ? undefined : rejoinStages(values.ratios),
    scopes: values.scopes,
    seeds: values.seeds,
    controls: values.controls,
    worthwhile: values.worthwhile,
  });
  if (typeof file !== 'object' || file === null) return file;
  const fileSettings = (file as { settings?: unknown }).settings ?? {};
  return { ...standard, ...file, ...own, settings: [fileSettings, settings] };
}

/** Ratios by stage contain commas: `stage1=1:1,stage2=2:1` is one ratio. */
function rejoinStages(items: readonly string[]): string[] {
  const ratios: string[] = [];
  for (const item of items) {
    const last = ratios.at(-1);
    if (item.includes('=') && last?.includes('=') === true) ratios[ratios.length - 1] = `${last},${item}`;
    else ratios.push(item);
  }
  return ratios;
}

async function showPlan(plan: StudyPlan, work: Work, { json }: CompareValues, output: Output): Promise<number> {
  const { expectedDetectable, planHash } = await import('../../study/index.js');
  const arms = plan.arms.map(({ group, label, role }) => ({ group, ratio: label, role }));
  const detectable = expectedDetectable(plan);
  if (json) {
    const known = Number.isFinite(detectable) ? detectable : null;
    const { trainings, epochs, images, time } = work;
    output.json({
      ...{ study: plan.name, hash: planHash(plan), arms, seeds: plan.seeds, detectable: known },
      ...{ trainings, epochs, images, seconds: time?.seconds ?? null },
    });
  } else {
    output.print(
      [
        `${plan.name}, plan ${planHash(plan)}: ${arms.length} ratios × ${plan.seeds.length} seeds`,
        ...arms.map(({ group, ratio, role }) => `  ${group}  ${ratio}${role === 'variant' ? '' : `  (${role})`}`),
        workSentence(work),
        await expectation(plan),
      ].join('\n'),
    );
  }
  return exitCodes.done;
}

async function workOf(plan: StudyPlan, folder: string): Promise<Work> {
  const { expectedTime, plannedWork } = await import('../../study/index.js');
  return { ...plannedWork(plan), time: await expectedTime(plan, folder) };
}

/** A sentence on the smallest difference that the study can be expected to detect. */
async function expectation(plan: StudyPlan): Promise<string> {
  const { assumedSeedDeviation, expectedDetectable } = await import('../../study/index.js');
  const detectable = expectedDetectable(plan);
  if (!Number.isFinite(detectable)) return 'One seed cannot tell luck from a difference: give --seeds 3 or more.';
  return (
    `If seeds vary by ${assumedSeedDeviation} points, as in He et al. (2015), this study has 80 % power to detect a true ` +
    `difference of ${detectable.toFixed(2)} points; smaller differences may be missed.`
  );
}

/** Runs the trainings that remain, then writes the report. */
async function runAndReport(study: Study, values: CompareValues, output: Output): Promise<number> {
  const { writeReport } = await import('../../study/index.js');
  const stopped = await runTrainings(study, values, output);
  const report = await writeReport(study);
  await printReport(report, values.json, output);
  if (stopped !== undefined) {
    output.note(`Go on with: npx rectio compare --study ${study.folder}`);
    return signalExitCode(stopped);
  }
  return report.result.trials.every(({ state }) => state === 'done') ? exitCodes.done : exitCodes.failed;
}
