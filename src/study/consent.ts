/**
 * Which studies may run code. A network of a study can be a module, and a study's folder can come from somebody else; so a
 * study runs a module only if it was begun by this user, from a plan or options that name the module, or if the user says so.
 * The studies begun here are listed in the cache folder, outside any study: no file in a study can claim to be one of them.
 */

import { mkdir, realpath } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';

import { RectioError } from '../base/error.js';
import { aFileName, aText, fields, listOf } from '../base/parse.js';
import { cacheFolder } from '../system/cache.js';
import { replaceJson } from '../system/durable.js';
import { onDisk } from '../system/errno.js';
import { readJsonIfThere } from '../system/json-file.js';
import { withLock } from '../system/lock.js';
import type { StudyPlan } from './plan.js';

interface Known {
  readonly folder: string;
  /** Of the plan. */
  readonly hash: string;
}

/** The oldest are forgotten: a list of all studies of a life would only grow. */
const most = 1000;

const listFile = (): string => join(cacheFolder(), 'studies.json');

const parseKnown = fields<{ readonly studies: readonly Known[] }>({
  studies: listOf(fields<Known>({ folder: aText, hash: aFileName })),
});

/** The files of a plan's networks that are code, which a training runs. */
export function modulesOf({ arms }: StudyPlan): string[] {
  const names = new Set(arms.map(({ config }) => config.model.name));
  return [...names].filter((name) => /^\.[cm]?[jt]sx?$/.test(extname(name)));
}

/** Remembers that this user began a study, if it runs code. @throws RectioError `disk` */
export async function rememberStudy(folder: string, plan: StudyPlan, hash: string): Promise<void> {
  if (modulesOf(plan).length === 0) return;
  const file = listFile();
  await onDisk(file, () => mkdir(dirname(file), { recursive: true }), 'XDG_CACHE_HOME');
  const own = { folder: await realpath(folder), hash };
  await withLock(`${file}.lock`, {}, async () => {
    const others = (await knownStudies()).filter((known) => known.folder !== own.folder || known.hash !== own.hash);
    await replaceJson(file, { studies: [...others, own].slice(-most) });
  });
}

/** None if there is no list, or if it is damaged: then every study asks again. */
async function knownStudies(): Promise<readonly Known[]> {
  const read = await readJsonIfThere(listFile(), parseKnown, { code: 'usage', hint: '' }).catch(() => undefined);
  return read?.studies ?? [];
}

/** @throws RectioError `usage` if a study runs code and was not begun by this user */
export async function refuseForeignCode(folder: string, plan: StudyPlan, hash: string): Promise<void> {
  const [first, ...others] = modulesOf(plan);
  if (first === undefined) return;
  const place = await realpath(folder);
  if ((await knownStudies()).some((known) => known.folder === place && known.hash === hash)) return;
  const files = others.length === 0 ? first : `${first} and ${others.length} more`;
  throw new RectioError(
    'usage',
    `The study in ${folder} runs the code in ${files}, and it was not begun here.`,
    'If you trust that code, say so with `trustCode`.',
  );
}
