/** Prints a campaign's result: verdict, table, conclusions, caveats. */

import type { CampaignReport } from '../../study/index.js';
import type { Output } from './output.js';
import { formatTable } from './table.js';

export async function printCampaignReport(
  { result, folder }: CampaignReport,
  json: boolean,
  output: Output,
): Promise<void> {
  const { campaignCaveats, campaignDocument, conclusions, hypothesisColumns, ruleSentence, wholeSentence } =
    await import('../../study/index.js');
  if (json) return output.json(campaignDocument(result));
  const columns = hypothesisColumns.filter(({ title }) => title !== 'claim');
  const table = formatTable(
    columns.map(({ title }) => ({ title, align: 'left' as const })),
    result.hypotheses.map((hypothesis) => columns.map(({ cell }) => cell(hypothesis))),
    output.columns(),
  );
  output.print(
    [
      '',
      table,
      wholeSentence(result),
      ruleSentence(result.record.claims),
      ...conclusions(result),
      ...campaignCaveats(result),
      `report: ${folder}/index.html`,
    ].join('\n\n'),
  );
}
