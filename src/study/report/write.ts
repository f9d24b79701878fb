/** Writes the report of a study into its folder, in every form. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Study } from '../folder.js';
import { studyResult, type StudyResult } from '../results.js';
import { studyDocument } from './document.js';
import { reportFigures } from './figures.js';
import { htmlOf } from './html.js';
import { markdownOf, type Provenance } from './markdown.js';
import { csvOf, curvesCsvOf, latexOf } from './tables.js';
import { onDisk } from '../../system/errno.js';
import { replaceFile } from '../../system/durable.js';

export interface Report {
  readonly result: StudyResult;
  /** The folder that holds `index.html` and the other forms. */
  readonly folder: string;
}

/**
 * Reads the finished trials and writes `report/`: index.html, report.md, results.json, results.csv, curves.csv,
 * results.tex and figures.
 * @throws RectioError `disk`, `checkpoint` if a finished run is damaged
 */
export async function writeReport(study: Study): Promise<Report> {
  return writeReportOf(study, await studyResult(study));
}

/** `writeReport` for a result that was read already. */
export async function writeReportOf(study: Study, result: StudyResult): Promise<Report> {
  const figures = reportFigures(result);
  const provenance = provenanceOf(study, result);
  const folder = join(study.folder, 'report');
  await writeFiles(folder, [
    ...figures.map(({ file, svg }) => [file, svg] as const),
    ['report.md', markdownOf(result, figures, provenance)],
    ['results.json', `${JSON.stringify(studyDocument(result), null, 2)}\n`],
    ['results.csv', csvOf(result)],
    ['curves.csv', curvesCsvOf(result)],
    ['results.tex', result.groups.map(latexOf).join('\n')],
    ['index.html', htmlOf(result, figures, provenance)],
  ]);
  return { result, folder };
}

/** Writes text files into a folder, which is made if it is not there. @throws RectioError `disk` */
export async function writeFiles(
  folder: string,
  files: readonly (readonly [name: string, text: string])[],
): Promise<void> {
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  for (const [name, text] of files) await replaceFile(join(folder, name), (file) => file.writeFile(text));
}

/** The report's page, as `writeReportOf` writes it, without writing anything. */
export function reportPage(study: Study, result: StudyResult): string {
  return htmlOf(result, reportFigures(result), provenanceOf(study, result));
}

function provenanceOf({ record }: Study, { devices, versions, created }: StudyResult): Provenance {
  const known = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return {
    command: record.command,
    made: [
      `Plan made ${created}; versions: ${known.join(', ')}.`,
      ...(record.machine === undefined ? [] : [`Machine: ${record.machine}.`]),
      devices.length === 0 ? 'No training is done yet.' : `Trained on ${devices.join('; ')}.`,
    ],
  };
}
