/** The figures of a report: what each shows, and the file it goes into. */

import { drawGraph } from '../../draw/index.js';
import { forestPlot, learningCurves, tradeOff } from '../figures/index.js';
import { fileName } from '../plan.js';
import type { GroupResult, StudyResult } from '../results.js';

export interface ReportFigure {
  readonly group: string;
  readonly title: string;
  /** Its name beside the report. */
  readonly file: string;
  readonly svg: string;
  /** A drawing of a network, of any height; the other figures are charts of one size. */
  readonly drawing: boolean;
}

/** The figures that can be drawn so far. */
export function reportFigures({ groups }: StudyResult): ReportFigure[] {
  return groups.flatMap((group, index) => {
    const prefix = groups.length === 1 ? '' : `${index + 1}-`;
    const charts = [
      { title: 'Differences in test error', name: 'differences', svg: forestPlot(group) },
      { title: 'Learning curves', name: 'curves', svg: learningCurves(group) },
      { title: 'Test error against activation elements', name: 'trade-off', svg: tradeOff(group) },
    ].flatMap(({ title, name, svg }) =>
      svg === undefined ? [] : [{ group: group.name, title, file: `${prefix}${name}.svg`, svg, drawing: false }],
    );
    return [...charts, ...drawings(group, prefix)];
  });
}

function drawings({ name, arms }: GroupResult, prefix: string): ReportFigure[] {
  return arms.flatMap(({ arm, network }) => {
    if (network === null || arm.role === 'control') return [];
    const { graph, proportion } = network;
    return [
      {
        group: name,
        title: `${graph.name} at ${arm.label}`,
        file: `${prefix}network-${fileName(arm.label)}.svg`,
        svg: drawGraph(graph, proportion),
        drawing: true,
      },
    ];
  });
}
