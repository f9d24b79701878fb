/** `rectio report`: writes a study's report again, from what is on disk. */

import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag } from '../options/options.js';
import { printReport } from '../terminal/study-result.js';

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'write the report of a study, as far as it is done',
  description:
    'Reads what the trainings of a study have left so far and writes its report: one HTML page, Markdown, CSV, JSON, a LaTeX ' +
    'table and the figures. Nothing is trained; a study that still runs is not disturbed.',
  positionals: [{ placeholder: 'STUDY', help: "the study's folder", required: true }],
  options: { json: flag('print the result as one JSON document') },
  examples: [{ command: 'npx rectio report studies/resnet20', does: 'the report in studies/resnet20/report' }],
  async run({ values, positionals: [folder = ''] }, output) {
    const { openStudy, writeReport } = await import('../../study/index.js');
    await printReport(await writeReport(await openStudy(folder)), values.json, output);
    return exitCodes.done;
  },
});
