/** Prints a study's result: table, verdict, caveats. */

import type { ArmResult, Report } from '../../study/index.js';
import type { Output } from './output.js';
import { formatTable } from './table.js';

export async function printReport({ result, folder }: Report, json: boolean, output: Output): Promise<void> {
  const { caveats, resultColumns, studyDocument, verdictSentence } = await import('../../study/index.js');
  if (json) return output.json(studyDocument(result));
  // The first that a narrow terminal does without; the report has them all.
  const order = ['P(better)', 'pattern', 'gap', 'p (Holm)', 'n'];
  const columns = resultColumns.map(({ title, align }) => {
    const spare = order.indexOf(title);
    return { title, align, ...(spare === -1 ? {} : { spare }) };
  });
  const parts = result.groups.flatMap((group) => [
    formatTable(
      columns,
      group.arms.map((arm) =>
        resultColumns.map(({ title, cell }) => (title === 'verdict' ? verdictWord(arm) : cell(arm))),
      ),
      output.columns(),
    ),
    verdictSentence(group),
    ...detailsOf(group.arms),
  ]);
  output.print(['', ...parts, ...caveats(result), `report: ${folder}/index.html`].join('\n\n'));
}

function verdictWord({ arm, difference }: ArmResult): string {
  return difference?.verdict.kind ?? (arm.role === 'baseline' ? 'baseline' : '–');
}

/** What would settle the verdicts that are open. */
function detailsOf(arms: readonly ArmResult[]): string[] {
  const open = arms.flatMap(({ arm, difference }) =>
    difference?.verdict.kind === 'open' ? [`${arm.label}: ${difference.verdict.text}.`] : [],
  );
  return open.length === 0 ? [] : [open.join('\n')];
}
