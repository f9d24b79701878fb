/** `rectio train`: from a network's name to a finished run. */

import { RectioError } from '../../base/error.js';
import { defineCommand } from '../command.js';
import { readSettings } from '../options/config-file.js';
import { engineOptions } from '../options/engine-options.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag, optionName, text, type Values } from '../options/options.js';
import { printFolderContents, visible } from '../terminal/folder-contents.js';
import type { LostReason, Output } from '../terminal/output.js';
import { createProgress } from '../terminal/progress.js';
import { givenModel, missingModel, modelOptions, modelPositional } from '../options/network.js';
import { nameFlags } from '../terminal/setting-names.js';
import { reportError } from '../terminal/report-error.js';
import { listenForSignals, signalExitCode } from '../terminal/signals.js';
import { formatDuration } from '../terminal/table.js';
import { givenSettings, settingOptions } from '../options/setting-options.js';
import { trainingOptions } from '../options/training-options.js';
import { trainSettings, type Recipe, type TrainConfig } from '../../config/index.js';
import { proportionOptions } from '../options/proportion-options.js';
import type { TrainSummary } from '../../run/index.js';
import type { ResumeSettings, TrainingSettings } from '../../prepare/index.js';

/** What may be given together with --resume: nothing that decides about the result, but its end. */
const resumeOptions: ReadonlySet<string> = new Set([
  'resume',
  'dataDir',
  'workers',
  'engine',
  'threads',
  'epochs',
  'json',
]);

const options = {
  ...modelOptions,
  ...proportionOptions,
  ...trainingOptions,
  ...settingOptions({ seed: trainSettings.fields.seed }),
  ...engineOptions,
  run: text('DIR', { help: "the run's folder, which must be new or empty", standard: 'a new one below runs/' }),
  resume: text('DIR', { help: 'go on with the run in this folder; needs nothing else' }),
  config: text('FILE', { help: 'JSON file of settings, such as the config.json of a run; options come before it' }),
  json: flag('print one JSON document on standard output, everything else on standard error'),
};

type TrainValues = Values<typeof options>;

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a network at a ratio',
  description:
    'Trains a network whose convolutions and ReLUs stand in the ratio N:M, and writes a run: settings, metrics (JSON lines ' +
    'and TensorBoard), checkpoints and the final weights. Ctrl-C finishes the step, writes a checkpoint and says how to ' +
    'go on; a second Ctrl-C stops at once.',
  positionals: [modelPositional],
  options,
  examples: [
    { command: 'npx rectio train resnet20 --epochs 3', does: 'the built-in dataset, no download' },
    {
      command: 'npx rectio train resnet20 --data cifar10 --data-dir DIR --ratio 3:2 --epochs 20',
      does: 'CIFAR-10, of every three ReLUs two kept',
    },
    {
      command: 'npx rectio train resnet18 --data folder --data-dir photos --size 224 --weights FILE',
      does: 'published weights, with a new classifier for the classes of a folder',
    },
    { command: 'npx rectio train --resume runs/resnet20-3to2-seed0', does: 'go on with a run that was stopped' },
  ],
  async sections() {
    const { recipeNames, resolveRecipe } = await import('../../config/index.js');
    const rows = recipeNames.map((name) => [name, describeRecipe(resolveRecipe(name))] as const);
    return [{ title: 'Recipes:', rows }];
  },
  async run({ values, given, positionals }, output) {
    const model = givenModel(positionals, values);
    const { resume } = values;
    const chosen = resume === undefined ? await newRun(model, values) : await resumedRun(resume, model, values, given);
    return runTraining(chosen, values, output);
  },
});

function describeRecipe({ description, settings }: Recipe): string {
  const { epochs, batch, optimizer, schedule, labelSmoothing, transforms } = settings;
  const numbers = [
    `epochs ${epochs}`,
    `batch ${batch}`,
    `lr ${schedule.learningRate}`,
    `optimizer ${optimizer.kind}`,
    `weight-decay ${optimizer.weightDecay}`,
    `label-smoothing ${labelSmoothing}`,
    `mixup ${transforms.mixup}`,
    `cutout ${transforms.cutout}`,
  ];
  return `${description}. ${numbers.join(', ')}`;
}

/** What is trained, and at which ratio. */
interface Choice {
  readonly settings: TrainingSettings | ResumeSettings;
  readonly ratio: TrainConfig['ratio'];
  /** A network's file that a run goes on without. */
  readonly unread?: string;
}

async function newRun(model: string | undefined, values: TrainValues): Promise<Choice> {
  const { layerSettings, resolveConfig } = await import('../../config/index.js');
  const layers = values.config === undefined ? [] : [await readSettings(values.config)];
  if (model === undefined && layers.length === 0) missingModel('train');
  const given = layerSettings(...layers, givenSettings(trainSettings.fields, { ...values, model }));
  const config = resolveConfig(given);
  const { engine, threads, run = true } = values;
  return { settings: { ...given, model: config.model, engine, threads, run }, ratio: config.ratio };
}

/** A run says itself what it is; only where things lie and how many threads work may change. */
async function resumedRun(
  run: string,
  model: string | undefined,
  values: TrainValues,
  given: ReadonlySet<string>,
): Promise<Choice> {
  const other = [...given].find((key) => !resumeOptions.has(key));
  if (other !== undefined || model !== undefined) {
    const what = other === undefined ? model : optionName(other);
    throw new RectioError(
      'usage',
      `${what} cannot be given together with --resume: a run goes on as it was begun`,
      `Leave it out, as in: npx rectio train --resume ${run}`,
    );
  }
  const [{ readRunRecord }, { isNetworkFile }] = await Promise.all([
    import('../../run/index.js'),
    import('../../network-file/index.js'),
  ]);
  const { config } = await readRunRecord(run);
  const { name } = config.model;
  return {
    settings: {
      resume: run,
      epochs: values.epochs,
      engine: given.has('engine') ? values.engine : undefined,
      threads: values.threads,
      data: { dir: values.dataDir, workers: values.workers },
    },
    ratio: config.ratio,
    ...(isNetworkFile(name) ? { unread: name } : {}),
  };
}

async function runTraining(choice: Choice, values: TrainValues, output: Output): Promise<number> {
  const { ratio, pattern, drop } = choice.ratio;
  const proportion = [pattern ?? ratio ?? '1:1', ...drop.map((name) => `without ${name}`)].join(' ');
  const progress = createProgress(output.progressTo(values.json), { proportion, keepsRun: true });
  const stopping = listenForSignals((signal) => {
    progress.clear();
    output.note(`${signal}: finishing the step and writing a checkpoint; once more stops at once.`);
  });
  let lost: LostReason | undefined;
  output.onLost((reason) => {
    lost = reason;
    stopping.stop();
  });
  try {
    const [{ openTraining }, { train }, { packageVersion }] = await Promise.all([
      import('../../prepare/index.js'),
      import('../../train/index.js'),
      import('../version.js'),
    ]);
    const training = await openTraining({
      ...choice.settings,
      onProgress: progress.decoding,
      signal: stopping.signal,
      versions: { rectio: packageVersion() },
    });
    const { contents, shape } = training.dataset;
    if (contents !== undefined) {
      progress.clear();
      printFolderContents(contents, shape[1], output.progressTo(values.json));
    }
    if (choice.unread !== undefined) {
      output.note(`The network is the one that the run began with; ${choice.unread} is not read.`);
    }
    if (choice.settings.engine === 'auto' && training.engine.name === 'reference') {
      output.note('Only the reference engine works here, which is very slow; npx rectio doctor says why.');
    }
    for await (const event of train(training)) {
      progress.show(event);
      if (event.type !== 'done') continue;
      printSummary(event.summary, values.json, output);
      if (event.summary.warnings.some(({ kind }) => kind === 'diverged')) return exitCodes.failed;
    }
    return exitCodes.done;
  } catch (error) {
    progress.clear();
    if (!(error instanceof RectioError) || error.code !== 'interrupted') throw error;
    const signal = stopping.received();
    reportError(error, output, { json: values.json, debug: false });
    if (signal) return signalExitCode(signal);
    return lost === 'closed' ? exitCodes.closed : exitCodes.failed;
  } finally {
    stopping.release();
  }
}

/** More classes are told by the worst of them. */
const classesNamed = 10;
const wrongNamed = 3;

/** `test error by class: cross 0.0 % (0 of 6), disc 16.7 % (1 of 6)` */
function byClass({ classes }: TrainSummary): string[] {
  const judged = (classes ?? []).flatMap((one) => (one.error === null ? [] : [{ ...one, error: one.error }]));
  if (judged.length === 0) return [];
  const many = judged.length > classesNamed;
  const told = many ? judged.toSorted((a, b) => b.error - a.error).slice(0, classesNamed) : judged;
  const texts = told.map(({ name, error, wrong, images }) => `${name} ${error.toFixed(1)} % (${wrong} of ${images})`);
  return [`test error by class${many ? `, the ${classesNamed} worst` : ''}: ${texts.join(', ')}`];
}

/** `surest wrong answers: cross/4.png taken for disc (97 %)` */
function surestWrong({ wrong }: TrainSummary): string[] {
  if (wrong === null || wrong.length === 0) return [];
  const texts = wrong
    .slice(0, wrongNamed)
    .map(({ file, answer, confidence }) => `${file} taken for ${answer} (${(100 * confidence).toFixed(0)} %)`);
  return [`surest wrong answers: ${texts.join(', ')}${wrong.length > wrongNamed ? ', …' : ''}`];
}

function printSummary(summary: TrainSummary, json: boolean, output: Output): void {
  if (json) output.json(summary);
  else printResult(summary, output);
  for (const { message } of summary.warnings) {
    const warning = `WARNING: ${nameFlags(message)}`;
    if (json) output.note(warning);
    else output.print(warning);
  }
}

function printResult(summary: TrainSummary, output: Output): void {
  const { test, train, fit, validation, epoch, seconds, run } = summary;
  const unaugmented = fit === null ? '' : `; images as they are: ${fit.error.toFixed(2)} %`;
  output.print(
    `done in ${formatDuration(seconds)}: test error ${test.error.toFixed(2)} %, loss ${test.loss.toFixed(3)} ` +
      `(training: ${train.error.toFixed(2)} %, ${train.loss.toFixed(3)}${unaugmented})`,
  );
  if (validation !== null) {
    output.print(`chosen by the images held out: epoch ${epoch + 1}, error ${validation.error.toFixed(2)} % on them`);
  }
  for (const line of [...byClass(summary), ...surestWrong(summary)]) output.print(visible(line));
  output.print(`weights and metrics: ${run}`);
}
