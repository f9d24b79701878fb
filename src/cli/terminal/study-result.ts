/** Prints a study's result: table, verdict, caveats. */

import type { Report } from '../../study/index.js';
import type { Output } from './output.js';
import { formatTable } from './table.js';

export async function printReport({ result, folder }: Report, json: boolean, output: Output): Promise<void> {
  const { caveats, resultColumns, studyDocument, verdictSentence } = await import('../../study/index.js');
  if (json) return output.json(studyDocument(result));
  const parts = result.groups.flatMap((group) => [
    formatTable(
      resultColumns,
      group.arms.map((arm) => resultColumns.map(({ cell }) => cell(arm))),
    ),
    verdictSentence(group),
  ]);
  output.print(['', ...parts, ...caveats(result), `report: ${folder}/index.html`].join('\n\n'));
}
