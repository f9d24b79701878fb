/** `rectio report`: writes a study's report again from the files of its runs. */

import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag } from '../options/options.js';
import { exists } from '../../system/errno.js';
import { printCampaignReport } from '../terminal/campaign-result.js';
import { printReport } from '../terminal/study-result.js';

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'write the report of a study or campaign, finished or not',
  description:
    'Reads the finished trainings of a study and writes its report: one HTML page, Markdown, CSV, JSON, a LaTeX table and the ' +
    'figures; of a campaign, the verdict on each hypothesis as well. It trains nothing and does not disturb a study that is still running.',
  positionals: [{ placeholder: 'STUDY', help: 'the folder of a study or campaign', required: true }],
  options: { json: flag('print the result as one JSON document') },
  examples: [{ command: 'npx rectio report studies/resnet20', does: 'the report in studies/resnet20/report' }],
  async run({ values, positionals: [folder = ''] }, output) {
    const { campaignFile, openCampaign, openStudy, writeCampaignReport, writeReport } =
      await import('../../study/index.js');
    if (await exists(campaignFile(folder))) {
      await printCampaignReport(await writeCampaignReport(await openCampaign(folder)), values.json, output);
      return exitCodes.done;
    }
    await printReport(await writeReport(await openStudy(folder)), values.json, output);
    return exitCodes.done;
  },
});
