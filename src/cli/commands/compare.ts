/** `rectio compare`: trains a network at several ratios over several seeds, and says which differences are real. */

import { fileURLToPath } from 'node:url';

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
import { listenForSignals, signalExitCode } from '../terminal/signals.js';
import { createStudyProgress } from '../terminal/study-progress.js';
import { printReport } from '../terminal/study-result.js';
import { givenSettings } from '../options/setting-options.js';
import { trainingFields, trainingOptions } from '../options/training-options.js';
import { thisMachine } from '../../system/machine.js';
import { openNetwork } from '../../prepare/index.js';
import { defined } from '../../base/defined.js';

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
    { command: 'npx rectio compare --plan study.yaml', does: 'a study planned in a file' },
    { command: 'npx rectio compare --study studies/resnet20 --add-seeds 5', does: 'more seeds for a study' },
  ],
  async run({ values, given, positionals }, output) {
    const model = givenModel(positionals, values);
    const goesOn = values.study !== undefined && model === undefined && values.plan === undefined;
    if (goesOn || values.addSeeds !== undefined) return goOn(values, given, output);
    return begin(model, values, output);
  },
});

/** Begins a study, or continues the one with the same plan. */
async function begin(model: string | undefined, values: CompareValues, output: Output): Promise<number> {
  const { beginStudy, resolvePlan } = await import('../../study/index.js');
  const input = await planInput(model, values);
  const plan = namingFile(values.plan, () => resolvePlan(input));
  await checkNetworks(plan);
  if (values.dryRun) return showPlan(plan, values, output);
  const { packageVersion } = await import('../version.js');
  const versions = { rectio: packageVersion(), node: process.versions.node };
  const folder = values.study ?? `studies/${plan.name}`;
  const { study, found } = await beginStudy(folder, plan, { command: commandLine(), versions, machine: machineName() });
  output.note(found ? `${folder} already holds this study; continuing it.` : await expectation(plan));
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
  const { addSeeds, openStudy } = await import('../../study/index.js');
  const study = await openStudy(values.study);
  const grown = values.addSeeds === undefined ? study : await addSeeds(study, values.addSeeds);
  return runAndReport(grown, values, output);
}

/** The plan: the file's entries, overridden by options. */
async function planInput(model: string | undefined, values: CompareValues): Promise<unknown> {
  const file = values.plan === undefined ? {} : await readDocument(values.plan);
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

/** Refuses unknown networks and impossible ratios before the first training starts. */
async function checkNetworks({ arms }: StudyPlan): Promise<void> {
  const [{ applyRatio }, { proportionOptions }] = await Promise.all([
    import('../../proportion/index.js'),
    import('../../config/index.js'),
  ]);
  for (const { config } of arms) {
    const network = await openNetwork(config.model);
    try {
      const graph = network.known();
      if (graph !== undefined) applyRatio(graph, proportionOptions(config.ratio));
    } finally {
      await network.close();
    }
  }
}

async function showPlan(plan: StudyPlan, { json }: CompareValues, output: Output): Promise<number> {
  const { expectedDetectable, planHash } = await import('../../study/index.js');
  const arms = plan.arms.map(({ group, label, role }) => ({ group, ratio: label, role }));
  const detectable = expectedDetectable(plan);
  if (json) {
    const known = Number.isFinite(detectable) ? detectable : null;
    output.json({ study: plan.name, hash: planHash(plan), arms, seeds: plan.seeds, detectable: known });
  } else {
    output.print(
      [
        `${plan.name}, plan ${planHash(plan)}: ${arms.length} ratios × ${plan.seeds.length} seeds`,
        ...arms.map(({ group, ratio, role }) => `  ${group}  ${ratio}${role === 'variant' ? '' : `  (${role})`}`),
        await expectation(plan),
      ].join('\n'),
    );
  }
  return exitCodes.done;
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
  const { runStudy, writeReport } = await import('../../study/index.js');
  const progress = createStudyProgress(output.progressTo(values.json), study.trials);
  const stopping = listenForSignals((signal) => {
    progress.clear();
    output.note(`${signal}: every training finishes its step and writes a checkpoint.`);
  });
  try {
    const { jobs, threads, engine, retryFailed } = values;
    const events = runStudy({
      study,
      rectio: { file: process.execPath, args: [fileURLToPath(new URL('../../../bin/rectio.js', import.meta.url))] },
      ...defined({ jobs, threads }),
      engine,
      retryFailed,
      signal: stopping.signal,
    });
    for await (const event of events) progress.show(event);
  } finally {
    progress.clear();
    stopping.release();
  }
  const report = await writeReport(study);
  await printReport(report, values.json, output);
  const signal = stopping.received();
  if (signal !== undefined) {
    output.note(`Go on with: npx rectio compare --study ${study.folder}`);
    return signalExitCode(signal);
  }
  return report.result.trials.every(({ state }) => state === 'done') ? exitCodes.done : exitCodes.failed;
}

/** `AMD EPYC, 2 cores, 24 GB, linux x64` */
function machineName(): string {
  const { cpu, cores, memoryGb, platform } = thisMachine();
  return `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGb} GB, ${platform}`;
}

/** The command as the user would type it. */
function commandLine(): string {
  const words = process.argv.slice(2).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`));
  return ['npx rectio', ...words].join(' ');
}
