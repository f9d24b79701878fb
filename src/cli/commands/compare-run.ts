/** Running the trainings of a study under `rectio compare`, and what is said about where and how. */

import { fileURLToPath } from 'node:url';

import { defined } from '../../base/defined.js';
import type { Study, StudyPlan } from '../../study/index.js';
import { thisMachine } from '../../system/machine.js';
import { printFolderContents } from '../terminal/folder-contents.js';
import type { Output, Screen } from '../terminal/output.js';
import { createProgress } from '../terminal/progress.js';
import { listenForSignals, type StopSignal } from '../terminal/signals.js';
import { createStudyProgress } from '../terminal/study-progress.js';

/** How the work is done, as the command's options say it. */
export interface WorkValues {
  readonly jobs: number | undefined;
  readonly threads: number | undefined;
  readonly engine: string;
  readonly retryFailed: boolean;
  readonly trustCode: boolean;
  readonly json: boolean;
}

/** Runs the trainings that remain. @returns the signal that stopped them, if one did */
export async function runTrainings(
  study: Study,
  { jobs, threads, engine, retryFailed, trustCode, json }: WorkValues,
  output: Output,
): Promise<StopSignal | undefined> {
  const { modulesOf, runStudy } = await import('../../study/index.js');
  const modules = modulesOf(study.record.plan);
  if (modules.length > 0) output.note(`${study.folder} runs the code in ${modules.join(', ')}.`);
  const progress = createStudyProgress(output.progressTo(json), study.trials);
  const stopping = listenForSignals((signal) => {
    progress.clear();
    output.note(`${signal}: every training finishes its step and writes a checkpoint.`);
  });
  try {
    const events = runStudy({
      study,
      rectio: { file: process.execPath, args: [fileURLToPath(new URL('../../../bin/rectio.js', import.meta.url))] },
      ...defined({ jobs, threads }),
      engine,
      retryFailed,
      trustCode,
      onBegin: () => showFolders(study.record.plan, output.progressTo(json), stopping.signal),
      signal: stopping.signal,
    });
    for await (const event of events) progress.show(event);
  } finally {
    progress.clear();
    stopping.release();
  }
  return stopping.received();
}

/** Tells of the folders of images that a plan trains on, as `train` does; each is decoded here, once for all trainings. */
async function showFolders({ arms }: StudyPlan, screen: Screen, signal: AbortSignal): Promise<void> {
  const { openTrainingData } = await import('../../prepare/index.js');
  const progress = createProgress(screen, { proportion: '', keepsRun: true });
  const shown = new Set<string>();
  for (const { config } of arms) {
    const { data, transforms, model, evaluation } = config;
    if (data.name !== 'folder') continue;
    const key = JSON.stringify([data, transforms.cropScale, model, evaluation.validation]);
    if (shown.has(key)) continue;
    shown.add(key);
    const { contents, shape } = await openTrainingData(config, { onProgress: progress.decoding, signal });
    progress.clear();
    if (contents !== undefined) printFolderContents(contents, shape[1], screen);
  }
}

/** What a study's record says of where and how it began. */
export async function aboutThis(): Promise<{
  readonly command: string;
  readonly versions: { readonly [name: string]: string };
  readonly machine: string;
}> {
  const { packageVersion } = await import('../version.js');
  const versions = { rectio: packageVersion(), node: process.versions.node };
  return { command: commandLine(), versions, machine: machineName() };
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
