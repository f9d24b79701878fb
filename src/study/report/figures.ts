/** The figures of a report: what each shows, and the file it goes into. */

import { drawGraph } from '../../draw/index.js';
import { evaluatedName, fitCurves, forestPlot, learningCurves, tradeOff } from '../figures/index.js';
import { fileName } from '../plan.js';
import type { GroupResult, StudyResult } from '../results.js';

export interface ReportFigure {
  readonly group: string;
  readonly title: string;
  /** Its name beside the report. */
  readonly file: string;
  readonly svg: string;
  /** A chart of the results, the one of the section on fit, or a network's drawing, which has any height. */
  readonly kind: 'chart' | 'fit' | 'drawing';
}

/** The figures that can be drawn so far. */
export function reportFigures({ groups }: StudyResult): ReportFigure[] {
  return groups.flatMap((group, index) => {
    const prefix = groups.length === 1 ? '' : `${index + 1}-`;
    const chart = (kind: 'chart' | 'fit', title: string, name: string, svg: string | undefined): ReportFigure[] =>
      svg === undefined ? [] : [{ group: group.name, title, file: `${prefix}${name}.svg`, svg, kind }];
    return [
      ...chart('chart', 'Differences in test error', 'differences', forestPlot(group)),
      ...chart('chart', 'Learning curves', 'curves', learningCurves(group)),
      ...chart('chart', 'Test error against activation elements', 'trade-off', tradeOff(group)),
      ...chart('fit', `${evaluatedName(group)} over training error`, 'fit', fitCurves(group)),
      ...drawings(group, prefix),
    ];
  });
}

function drawings({ name, arms }: GroupResult, prefix: string): ReportFigure[] {
  return arms.flatMap(({ arm, network }): ReportFigure[] => {
    if (network === null || arm.role === 'control') return [];
    const { graph, proportion } = network;
    return [
      {
        group: name,
        title: `${graph.name} at ${arm.label}`,
        file: `${prefix}network-${fileName(arm.label)}.svg`,
        svg: drawGraph(graph, proportion),
        kind: 'drawing',
      },
    ];
  });
}
