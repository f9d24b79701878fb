/**
 * A campaign on disk:
 *
 *     campaign.json   hypotheses and rule, the hash of each study's plan, and the hash of all of it
 *     studies/NAME/   one ordinary study each
 *     report/         the verdicts, as a page and as files
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { defined } from '../../base/defined.js';
import { RectioError } from '../../base/error.js';
import {
  aCount,
  aNumber,
  aRecord,
  aText,
  fields,
  listOf,
  oneOf,
  orElse,
  orNull,
  type Parser,
} from '../../base/parse.js';
import { replaceJson } from '../../system/durable.js';
import { exists, onDisk } from '../../system/errno.js';
import { readJsonIfThere } from '../../system/json-file.js';
import { beginStudy, openStudy, parseVersions, recordFile, type Study, type StudyRecord } from '../folder.js';
import type { Interval } from '../statistics/index.js';
import {
  comparisonClaims,
  contrastClaims,
  roles,
  type ArmReference,
  type Comparison,
  type Conclusions,
  type Contrast,
  type Hypothesis,
  type Pair,
  type Rule,
} from './hypothesis.js';
import { campaignHash, type CampaignPlan, type Chart, type Claims } from './plan.js';

/** The file that makes a folder a campaign. */
export const campaignName = 'campaign.json';

/** `campaign.json`. */
export interface CampaignRecord extends Pick<StudyRecord, 'command' | 'created' | 'versions' | 'machine'> {
  readonly format: 1;
  readonly name: string;
  /** In the order in which they run, with the hashes of their plans. */
  readonly studies: readonly { readonly name: string; readonly hash: string }[];
  readonly claims: Claims;
  readonly hash: string;
}

export interface Campaign {
  readonly folder: string;
  readonly record: CampaignRecord;
  /** By name; undefined for a study whose folder is not there. */
  readonly studies: readonly { readonly name: string; readonly study: Study | undefined }[];
}

export const campaignFile = (folder: string): string => join(folder, campaignName);
const studyFolder = (folder: string, name: string): string => join(folder, 'studies', name);

/**
 * Begins a campaign in `folder` with all its studies, or opens it if it exists there with the same plan. Studies with the
 * same plans may already be there; what they have trained counts, and the report says when each was begun.
 * @throws RectioError `usage` if another plan, or anything else, is in the folder; `disk` if it cannot be written
 */
export async function beginCampaign(
  folder: string,
  plan: CampaignPlan,
  about: Pick<StudyRecord, 'command' | 'versions' | 'machine'>,
): Promise<{ readonly campaign: Campaign; readonly found: boolean }> {
  // Before its studies are begun, so that a study from before can be told from one of the campaign's own.
  const created = new Date().toISOString();
  const found = await exists(campaignFile(folder));
  const before = found ? await openCampaign(folder) : undefined;
  const hashes: { name: string; hash: string }[] = [];
  const entries = Object.entries(plan.studies);
  // Another plan must not leave its studies beside those that are there.
  const strange = entries.find(
    ([name]) => before !== undefined && !before.studies.some((known) => known.name === name),
  );
  if (before !== undefined && (strange !== undefined || entries.length !== before.studies.length)) {
    throw otherPlan(folder, before);
  }
  for (const [name, study] of entries) {
    const place = studyFolder(folder, name);
    const begun = await beginStudy(place, study, about);
    hashes.push({ name, hash: begun.study.record.hash });
  }
  const hash = campaignHash(byName(hashes), plan.claims);
  if (before === undefined) {
    await onDisk(folder, () => mkdir(folder, { recursive: true }));
    const record: CampaignRecord = {
      format: 1,
      name: plan.name,
      studies: hashes,
      claims: plan.claims,
      hash,
      created,
      ...about,
    };
    await replaceJson(campaignFile(folder), record);
  } else if (before.record.hash !== hash) {
    throw otherPlan(folder, before);
  }
  return { campaign: await openCampaign(folder), found };
}

function otherPlan(folder: string, { record }: Campaign): RectioError {
  return new RectioError(
    'usage',
    `${folder} holds the campaign ${record.name} with other studies or hypotheses, and a plan is never changed.`,
    'Give another folder with `study`.',
  );
}

function byName(studies: readonly { readonly name: string; readonly hash: string }[]): { [name: string]: string } {
  return Object.fromEntries(studies.map(({ name, hash }) => [name, hash]));
}

/** A name that is one folder below another, and not a path that leads elsewhere. */
const aFolderName: Parser<string> = (value, place) => {
  const name = aText(value, place);
  if (/^[\w-][\w.-]*$/.test(name)) return name;
  throw new RectioError('data', `${place} is not the name of a folder`, 'Expected: letters, digits, hyphens and dots.');
};

const parseArm = fields<ArmReference>({ study: aFolderName, group: aText, arm: aText });
const parsePair = fields<Pair>({ arm: parseArm, against: parseArm });
const parseInterval = fields<Interval>({ low: aNumber, high: aNumber });

const statedFields = {
  name: aText,
  role: oneOf(...roles),
  expect: orNull(parseInterval),
  says: fields<Conclusions>({ confirmed: orNull(aText), refuted: orNull(aText), open: orNull(aText) }),
};
const parseComparison = fields<Comparison>({
  ...statedFields,
  kind: oneOf('comparison'),
  pairs: listOf(parsePair),
  claim: oneOf(...comparisonClaims),
  margin: aNumber,
});
const parseContrast = fields<Contrast>({
  ...statedFields,
  kind: oneOf('contrast'),
  difference: parsePair,
  minus: parsePair,
  claim: oneOf(...contrastClaims),
});
const parseHypothesis: Parser<Hypothesis> = (value, place) =>
  aRecord(value, place)['kind'] === 'contrast' ? parseContrast(value, place) : parseComparison(value, place);

const parseClaims = fields<Claims>({
  hypotheses: listOf(parseHypothesis),
  rule: fields<Rule>({ supported: aCount, refutedWithout: listOf(aText) }),
  chart: orNull(
    fields<Chart>({
      x: aText,
      series: listOf(
        fields<Chart['series'][number]>({
          name: aText,
          points: listOf(fields<Pair & { readonly at: number }>({ at: aNumber, arm: parseArm, against: parseArm })),
        }),
      ),
    }),
  ),
  earlier: listOf(aText),
});

const parseCampaign = fields<Omit<CampaignRecord, 'machine'> & { readonly machine: string | undefined }>({
  format: oneOf(1),
  name: aText,
  studies: listOf(fields<{ name: string; hash: string }>({ name: aFolderName, hash: aText })),
  claims: parseClaims,
  hash: aText,
  command: aText,
  created: aText,
  versions: parseVersions,
  machine: orElse(aText, undefined),
});

const undoHint = 'Undo what was changed in it.';

/** Opens the campaign in a folder. @throws RectioError `usage` if this version cannot read one there */
export async function openCampaign(folder: string): Promise<Campaign> {
  const path = campaignFile(folder);
  const read = await readJsonIfThere(path, parseCampaign, { code: 'usage', hint: undoHint });
  if (read === undefined) {
    throw new RectioError(
      'usage',
      `${folder} is not a campaign: there is no ${campaignName} in it.`,
      'Give a folder that rectio compare made of a plan with several studies.',
    );
  }
  const { machine, ...rest } = read;
  const record: CampaignRecord = { ...rest, ...defined({ machine }) };
  if (record.hash !== campaignHash(byName(record.studies), record.claims)) {
    throw new RectioError('usage', `${path} is not the plan of a campaign as it was made: it was changed.`, undoHint);
  }
  const studies = [];
  for (const { name, hash } of record.studies) {
    const place = studyFolder(folder, name);
    const study = (await exists(recordFile(place))) ? await openStudy(place) : undefined;
    if (study !== undefined && study.record.hash !== hash) {
      throw new RectioError('usage', `${place} is another study than the campaign's ${name}.`, undoHint);
    }
    studies.push({ name, study });
  }
  return { folder, record, studies };
}
