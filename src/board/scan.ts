/**
 * The runs, studies and campaigns below a folder as rows of a list. Two thousand of them are looked through every second while somebody
 * watches, so a file is read only where its size or time changed, and of a log its end alone.
 */

import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

import {
  campaignFile,
  campaignName,
  failuresFolder,
  openCampaign,
  openStudy,
  readFolders,
  recordFile,
  recordName,
  seedsFolder,
  trialsFolder,
  trialsName,
} from '../study/index.js';
import type { CampaignRow, Listing, Problem, RunRow, StudyRow } from './api.js';
import {
  filesToRead,
  holds,
  holdsRun,
  inRun,
  readLastMetrics,
  readRunRecord,
  readSummary,
  runHolder,
} from '../run/index.js';

/** What is looked through: `starts` below `folder`. Ids are paths relative to `folder`. */
export interface Place {
  readonly folder: string;
  readonly starts: readonly string[];
}

export interface Scanner {
  /** Looks again. */
  list(): Promise<Listing>;
  /** What the last look found, at once; looks first where there was none. */
  last(): Promise<Listing>;
  /** The folder of a run, study or campaign that the last look found; undefined for any other name. */
  folderOf(kind: 'run' | 'study' | 'campaign', id: string): string | undefined;
}

/** How deep runs may lie below a start. */
const deepest = 4;

type Found<Row> = { readonly row: Row } | { readonly problem: Problem };
interface Known<Row> {
  readonly version: string;
  readonly found: Found<Row>;
}

// oxlint-disable-next-line max-lines-per-function -- its functions share what the last look found
export function scanner({ folder, starts }: Place): Scanner {
  const runs = new Map<string, Known<RunRow>>();
  const studies = new Map<string, Known<StudyRow>>();
  const campaigns = new Map<string, Known<CampaignRow>>();
  let seen = new Set<string>();

  const look = async (): Promise<Listing> => {
    seen = new Set();
    const root = await realpath(folder).catch(nothing);
    if (root === undefined) return { folder, runs: [], studies: [], campaigns: [], problems: [] };
    await Promise.all(
      starts.map(async (start) => {
        const path = await realpath(join(root, start)).catch(nothing);
        if (path !== undefined) await visit(path, start, 0, null);
      }),
    );
    for (const map of [runs, studies, campaigns]) for (const id of map.keys()) if (!seen.has(id)) map.delete(id);
    const found = ([id]: readonly [string, string]): boolean => seen.has(id);
    await Promise.all([...studyFolders].filter(found).map(([id, path]) => visitStudy(path, id)));
    // Its numbers are those of its studies.
    await Promise.all([...campaignFolders].filter(found).map(([id, path]) => visitCampaign(path, id)));
    return listing();
  };

  const studyFolders = new Map<string, string>();
  const campaignFolders = new Map<string, string>();
  const folders = new Map<string, string>();

  const visit = async (path: string, id: string, depth: number, study: string | null): Promise<void> => {
    const known = runs.get(id);
    // A finished run changes only if an entry comes or goes, which changes its folder's time.
    const time = await stamp(path);
    if (known !== undefined && known.version === `done ${time}`) {
      seen.add(id);
      return;
    }
    const entries = await readdir(path, { withFileTypes: true }).catch(nothing);
    if (entries === undefined) return;
    // What a link points to may lie anywhere: links are not followed.
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const inner = entries.filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name));
    const links = new Set(entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name));
    if (files.has(recordName)) {
      if (readFolders.some((name) => links.has(name))) return;
      seen.add(id);
      folders.set(id, path);
      studyFolders.set(id, path);
      if (inner.some(({ name }) => name === trialsName)) await visit(trialsFolder(path), trialsFolder(id), 0, id);
      return;
    }
    if (files.has(campaignName)) {
      seen.add(id);
      folders.set(id, path);
      campaignFolders.set(id, path);
    }
    if (holdsRun(files) && !filesToRead.some((file) => holds(links, file))) {
      seen.add(id);
      folders.set(id, path);
      const version = holds(files, 'summary') ? `done ${time}` : await versionOf(path, files);
      if (known?.version !== version) runs.set(id, { version, found: await readRun(path, id, files, study) });
      return;
    }
    if (depth < deepest) {
      await Promise.all(inner.map(({ name }) => visit(join(path, name), join(id, name), depth + 1, study)));
    }
  };

  const visitStudy = async (path: string, id: string): Promise<void> => {
    const trials = [...runs].filter(([run]) => run.startsWith(`${trialsFolder(id)}${sep}`));
    const parts = await Promise.all([recordFile, seedsFolder, failuresFolder].map((place) => stamp(place(path))));
    const version = [...parts, ...trials.map(([run, known]) => `${run} ${known.version}`)].join(' ');
    if (studies.get(id)?.version === version) return;
    const rows = trials.flatMap(([, { found }]) => ('row' in found ? [found.row] : []));
    studies.set(id, { version, found: await readStudy(path, id, rows) });
  };

  const visitCampaign = async (path: string, id: string): Promise<void> => {
    const own = rowsOf(studies).filter((row) => row.id.startsWith(`${join(id, 'studies')}${sep}`));
    const version = [await stamp(campaignFile(path)), ...own.map((row) => JSON.stringify(row))].join(' ');
    if (campaigns.get(id)?.version === version) return;
    campaigns.set(id, { version, found: await readCampaign(path, id, own) });
  };

  const listing = (): Listing => {
    const all = [...runs.values(), ...studies.values(), ...campaigns.values()].map(({ found }) => found);
    return {
      folder,
      runs: rowsOf(runs),
      studies: rowsOf(studies),
      campaigns: rowsOf(campaigns),
      problems: all.flatMap((found) => ('problem' in found ? [found.problem] : [])),
    };
  };

  let looking: Promise<Listing> | undefined;
  let last: Listing | undefined;
  const list = (): Promise<Listing> => {
    looking ??= look()
      .then((found) => (last = found))
      .finally(() => (looking = undefined));
    return looking;
  };
  return {
    list,
    last: async () => last ?? list(),
    folderOf(kind, id) {
      const known = { run: runs, study: studies, campaign: campaigns }[kind].get(id);
      return known !== undefined && 'row' in known.found ? folders.get(id) : undefined;
    },
  };
}

function rowsOf<Row>(map: ReadonlyMap<string, Known<Row>>): Row[] {
  return [...map.values()].flatMap(({ found }) => ('row' in found ? [found.row] : []));
}

/** For an entry that disappeared between two looks. */
function nothing(): undefined {
  return undefined;
}

async function stamp(path: string): Promise<string> {
  const found = await lstat(path).catch(nothing);
  return found === undefined ? '-' : `${found.mtimeMs}:${found.size}`;
}

/** Cache key for an unfinished run's row; includes whether its lock is held, since a process may end without writing. */
async function versionOf(path: string, files: ReadonlySet<string>): Promise<string> {
  const holder = holds(files, 'lock') ? await runHolder(path).catch(nothing) : undefined;
  return `${holder !== undefined} ${await stamp(inRun(path, 'record'))} ${await stamp(inRun(path, 'metrics'))}`;
}

async function readRun(
  path: string,
  id: string,
  files: ReadonlySet<string>,
  study: string | null,
): Promise<Found<RunRow>> {
  try {
    return { row: holds(files, 'summary') ? await doneRow(path, id, study) : await openRow(path, id, files, study) };
  } catch (error) {
    return { problem: { id, message: `It cannot be read: ${messageOf(error)}` } };
  }
}

/** One sick file must not end the list: whatever is wrong with a run or study is shown in its place. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function doneRow(path: string, id: string, study: string | null): Promise<RunRow> {
  const summary = await readSummary(path);
  if (summary === undefined) throw new Error('its summary is gone');
  const { model, ratio, seed, epochs } = summary;
  return {
    ...{ id, model, ratio, seed, state: 'done', epochs, epoch: epochs, study },
    error: summary.test.error,
    loss: summary.train.loss,
    imagesPerSecond: summary.imagesPerSecond,
    updated: (await lstat(inRun(path, 'summary'))).mtimeMs,
  };
}

async function openRow(path: string, id: string, files: ReadonlySet<string>, study: string | null): Promise<RunRow> {
  const record = await readRunRecord(path);
  const holder = holds(files, 'lock') ? await runHolder(path) : undefined;
  const log = inRun(path, 'metrics');
  const lines = holds(files, 'metrics') ? await readLastMetrics(path) : [];
  const last = lines.at(-1);
  const epochs = lines.filter((line) => line.type === 'epoch');
  const scores = epochs.flatMap(({ validation, test }) => validation ?? test ?? []);
  return {
    ...{ id, model: record.graph.name, ratio: record.proportion.label, seed: record.config.seed, study },
    state: holder === undefined ? 'stopped' : 'running',
    epochs: record.config.epochs,
    epoch: last === undefined ? 0 : last.type === 'epoch' ? last.epoch + 1 : last.epoch,
    error: scores.at(-1)?.error ?? null,
    loss: last?.train.loss ?? null,
    imagesPerSecond: last?.imagesPerSecond ?? null,
    updated: (await lstat(holds(files, 'metrics') ? log : inRun(path, 'record'))).mtimeMs,
  };
}

async function readStudy(path: string, id: string, rows: readonly RunRow[]): Promise<Found<StudyRow>> {
  try {
    const { record, trials } = await openStudy(path);
    const failures = await readdir(failuresFolder(path)).catch(nothing);
    const failed = (failures ?? []).map((name) => join(trialsFolder(id), name.replace(/\.json$/, '')));
    const ended = (run: string): boolean => !rows.some((row) => row.id === run && row.state !== 'stopped');
    return {
      row: {
        id,
        name: record.plan.name,
        trials: trials.length,
        done: rows.filter(({ state }) => state === 'done').length,
        running: rows.filter(({ state }) => state === 'running').length,
        failed: failed.filter(ended).length,
        updated: Math.max((await lstat(recordFile(path))).mtimeMs, ...rows.map(({ updated }) => updated)),
      },
    };
  } catch (error) {
    return { problem: { id, message: `It cannot be read: ${messageOf(error)}` } };
  }
}

async function readCampaign(path: string, id: string, rows: readonly StudyRow[]): Promise<Found<CampaignRow>> {
  try {
    const { record } = await openCampaign(path);
    const sum = (key: 'trials' | 'done' | 'running' | 'failed'): number =>
      rows.reduce((total, row) => total + row[key], 0);
    const numbers = { trials: sum('trials'), done: sum('done'), running: sum('running'), failed: sum('failed') };
    const updated = Math.max((await lstat(campaignFile(path))).mtimeMs, ...rows.map((row) => row.updated));
    return { row: { id, name: record.name, ...numbers, updated } };
  } catch (error) {
    return { problem: { id, message: `It cannot be read: ${messageOf(error)}` } };
  }
}

/** The folders to look through: the given one, else `runs` and `studies` in the working folder. */
export function placeOf(folder: string | undefined, cwd: string): Place {
  return folder === undefined ? { folder: cwd, starts: ['runs', 'studies'] } : { folder, starts: ['.'] };
}
