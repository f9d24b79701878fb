/** The files of an ensemble: its numbers, and its figure. */

import { mkdir } from 'node:fs/promises';

import { inRun } from '../../run/index.js';
import { replaceFile, replaceJson } from '../../system/durable.js';
import { onDisk } from '../../system/errno.js';
import { ensembleFigure } from './figure.js';
import type { EnsembleResult } from './measure.js';

export interface EnsembleFiles {
  /** JSON, the result as it is. */
  readonly numbers: string;
  /** SVG. */
  readonly figure: string;
}

/**
 * Writes both files into `folder`, by default the run's own. Files of an earlier ensemble are replaced.
 * @throws RectioError `disk`
 */
export async function writeEnsemble(result: EnsembleResult, folder: string = result.run): Promise<EnsembleFiles> {
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const files = { numbers: inRun(folder, 'ensemble'), figure: inRun(folder, 'ensembleFigure') };
  await replaceJson(files.numbers, result);
  await replaceFile(files.figure, (file) => file.writeFile(ensembleFigure(result)));
  return files;
}
