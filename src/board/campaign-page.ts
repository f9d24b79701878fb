/** What the page of one campaign shows. */

import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RectioError } from '../base/error.js';
import {
  campaignCaveats,
  campaignDocument,
  campaignResult,
  conclusions,
  differenceChart,
  hypothesisColumns,
  hypothesisPlot,
  openCampaign,
  ruleSentence,
  wholeSentence,
  type CampaignResult,
} from '../study/index.js';
import type { CampaignFigure, CampaignPage, CampaignRow } from './api.js';
import { refuseLinks } from './study-page.js';

export interface CampaignPages {
  page(folder: string, row: CampaignRow): Promise<CampaignPage>;
  /** A figure as SVG; undefined if there is nothing to draw yet. */
  figure(folder: string, row: CampaignRow, name: CampaignFigure): Promise<string | undefined>;
}

/** Total over the figures. */
const figureRules: {
  readonly [F in CampaignFigure]: { readonly title: string; draw: (result: CampaignResult) => string | undefined };
} = {
  chart: {
    title: 'Differences against what the studies differ in',
    draw: ({ chart }) => (chart === null ? undefined : differenceChart(chart)),
  },
  hypotheses: { title: 'Hypotheses, predicted and found', draw: hypothesisPlot },
};

const figureNames = Object.keys(figureRules) as readonly CampaignFigure[];

export const isCampaignFigure = (name: string): name is CampaignFigure => Object.hasOwn(figureRules, name);

export function campaignPages(): CampaignPages {
  let known: { readonly key: string; readonly result: Promise<CampaignResult> } | undefined;
  /** The statistics change when a training ends; those of the campaign that was asked for last are kept. */
  const resultOf = (folder: string, { trials, done, failed }: CampaignRow): Promise<CampaignResult> => {
    const key = `${folder} ${trials} ${done} ${failed}`;
    if (known?.key !== key) {
      const result = readCampaign(folder);
      known = { key, result };
      // A campaign that cannot be read now is read again when it is asked for again.
      result.catch(() => (known = undefined));
    }
    return known.result;
  };
  return {
    async page(folder, row) {
      const result = await resultOf(folder, row);
      return {
        row,
        document: campaignDocument(result),
        verdict: wholeSentence(result),
        rule: ruleSentence(result.record.claims),
        columns: hypothesisColumns.map(({ title, about, look }) => ({ title, about, words: look === 'claim' })),
        rows: result.hypotheses.map((hypothesis) => hypothesisColumns.map(({ cell }) => cell(hypothesis))),
        conclusions: conclusions(result),
        caveats: campaignCaveats(result),
        figures: figureNames
          .filter((name) => figureRules[name].draw(result) !== undefined)
          .map((name) => ({ name, title: figureRules[name].title })),
        command: result.record.command,
      };
    },
    async figure(folder, row, name) {
      return figureRules[name].draw(await resultOf(folder, row));
    },
  };
}

async function readCampaign(folder: string): Promise<CampaignResult> {
  const campaign = await openCampaign(folder);
  for (const { study } of campaign.studies) {
    if (study === undefined) continue;
    for (const path of [dirname(study.folder), study.folder]) {
      if ((await lstat(path)).isSymbolicLink()) {
        throw new RectioError('usage', `${path} is a link.`, 'The board follows no links; put the study itself there.');
      }
    }
    await refuseLinks(study);
  }
  return campaignResult(campaign);
}
