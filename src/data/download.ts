/** Downloads datasets from their official addresses: resumes, verifies, and puts a file in place only when complete. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { RectioError } from '../base/error.js';
import { aCount, aText, fields, orElse, orNull } from '../base/parse.js';
import { didYouMean } from '../base/suggest.js';
import { onDisk } from '../system/errno.js';
import { syncFolder } from '../system/durable.js';
import { readJsonIfThere } from '../system/json-file.js';
import { sizeOf } from './files.js';
import { defaultDataDir } from './options.js';

export interface RemoteFile {
  readonly name: string;
  readonly md5: string;
  /** A longer one is not this file. Default 256 MiB; the largest of these files has 170 MB. */
  readonly mostBytes?: number;
}

const usualMost = 256 * 2 ** 20;

/** An attempt makes progress if it brings so much more than all attempts before it: a server that cuts must not go on for ever. */
const progressBytes = 64 * 1024;

interface RemoteDataset {
  /** Base addresses in order of preference; each ends in a slash. */
  readonly addresses: readonly string[];
  readonly files: readonly RemoteFile[];
}

const TORONTO = 'https://www.cs.toronto.edu/~kriz/';

/** Addresses and checksums as published by the authors (CIFAR, Fashion-MNIST) and by torchvision (MNIST). */
const remotes: { readonly [name: string]: RemoteDataset } = {
  cifar10: {
    addresses: [TORONTO],
    files: [{ name: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d87530' }],
  },
  cifar100: {
    addresses: [TORONTO],
    files: [{ name: 'cifar-100-binary.tar.gz', md5: '03b5dce01913d631647c71ecec9e9cb8' }],
  },
  mnist: {
    addresses: ['https://ossci-datasets.s3.amazonaws.com/mnist/'],
    files: [
      { name: 'train-images-idx3-ubyte.gz', md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873' },
      { name: 'train-labels-idx1-ubyte.gz', md5: 'd53e105ee54ea40749a09fcbcd1e9432' },
      { name: 't10k-images-idx3-ubyte.gz', md5: '9fb629c4189551a2d022fa330f9573f3' },
      { name: 't10k-labels-idx1-ubyte.gz', md5: 'ec29112dd5afa0611ce80d1b7f02629c' },
    ],
  },
  'fashion-mnist': {
    addresses: [
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    ],
    files: [
      { name: 'train-images-idx3-ubyte.gz', md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
      { name: 'train-labels-idx1-ubyte.gz', md5: '25c81989df183df01b3e8a0aad5dffbe' },
      { name: 't10k-images-idx3-ubyte.gz', md5: 'bef4ecab320f06d8554ea6380940ec79' },
      { name: 't10k-labels-idx1-ubyte.gz', md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
    ],
  },
};

export const downloadableNames: readonly string[] = Object.keys(remotes);

/** Whether a folder holds every file of a dataset, by name. A partial download does not count. */
export async function isDownloaded(name: string, dir: string = defaultDataDir(name)): Promise<boolean> {
  const files = Object.hasOwn(remotes, name) ? remotes[name]!.files : [];
  for (const file of files) if ((await sizeOf(join(dir, file.name))) === undefined) return false;
  return files.length > 0;
}

export interface DownloadProgress {
  readonly file: string;
  /** Bytes on disk. */
  readonly received: number;
  /** Total bytes; undefined if the server does not say. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** Default: where `openDataset` looks if no folder is named. */
  readonly dir?: string;
  /** An address to download from instead of the official ones. */
  readonly mirror?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

type FetchOptions = Omit<DownloadOptions, 'dir' | 'mirror'>;

/** When to give up on a server. */
export interface Patience {
  /** Consecutive attempts that bring next to nothing new. */
  readonly tries: number;
  /** The first pause between attempts, in milliseconds; each further pause is twice as long. */
  readonly pauseMs: number;
  /** An attempt fails when the server sends nothing for this many milliseconds. */
  readonly stallMs: number;
}

const standardPatience: Patience = { tries: 5, pauseMs: 500, stallMs: 30_000 };

export interface DownloadResult {
  readonly dir: string;
  readonly files: readonly string[];
  /** Number of files downloaded; the others were already there and complete. */
  readonly fetched: number;
}

/**
 * Downloads a dataset's missing files into a folder that `openDataset` can read. An interrupted download resumes where
 * it stopped.
 *
 * @throws RectioError `usage` for an unknown name or a bad mirror, `download` if a file cannot be fetched or verified,
 *   `disk` if it cannot be written, `interrupted` if the signal fires.
 */
export async function downloadDataset(name: string, options: DownloadOptions = {}): Promise<DownloadResult> {
  const remote = Object.hasOwn(remotes, name) ? remotes[name] : undefined;
  if (remote === undefined) {
    throw new RectioError(
      'usage',
      `There is no dataset named ${name} to download.`,
      didYouMean(name, downloadableNames),
    );
  }
  const addresses = options.mirror === undefined ? remote.addresses : [mirrorAddress(options.mirror)];
  return downloadFiles(remote.files, addresses, options.dir ?? defaultDataDir(name), options);
}

/** Downloads files with known checksums into a folder, each from the first address that serves it. */
export async function downloadFiles(
  remoteFiles: readonly RemoteFile[],
  addresses: readonly string[],
  dir: string,
  options: FetchOptions = {},
): Promise<DownloadResult> {
  await inFolder(dir, () => mkdir(dir, { recursive: true }));
  const files: string[] = [];
  let fetched = 0;
  for (const file of remoteFiles) {
    if (await fetchFile(file, addresses, dir, options)) fetched++;
    files.push(join(dir, file.name));
  }
  return { dir, files, fetched };
}

function mirrorAddress(mirror: string): string {
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new RectioError(
      'usage',
      `The mirror ${mirror} is not an http or https address.`,
      'Give the address of the folder that holds the files, such as https://example.org/data/.',
    );
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** The result of one attempt that did not throw. */
type Outcome = { readonly whole: boolean; readonly reason: string };

/** Downloads one file into `dir`. Returns false if it is already there. */
async function fetchFile(
  file: RemoteFile,
  addresses: readonly string[],
  dir: string,
  options: FetchOptions,
): Promise<boolean> {
  const path = join(dir, file.name);
  if ((await sizeOf(path)) !== undefined && (await md5Of(path)) === file.md5) return false;
  let last: unknown;
  for (const address of addresses) {
    try {
      await fetchFrom(address + file.name, file, path, options);
      return true;
    } catch (error) {
      if (!(error instanceof RectioError) || error.code !== 'download') throw error;
      last = error;
    }
  }
  throw last;
}

async function fetchFrom(address: string, file: RemoteFile, path: string, options: FetchOptions): Promise<void> {
  const { tries: mostTries, pauseMs } = options.patience ?? standardPatience;
  const part = `${path}.part`;
  let tries = 0;
  /** The most bytes that any attempt came to. */
  let most = (await sizeOf(part)) ?? 0;
  let startedOver = false;
  for (;;) {
    const before = (await sizeOf(part)) ?? 0;
    const { whole, reason } = await tryOnce(address, file, part, options);
    const after = (await sizeOf(part)) ?? 0;
    if (whole) {
      const md5 = await md5Of(part);
      if (md5 === file.md5) break;
      await removePart(part);
      // A file assembled from several attempts may mix two versions, so one clean attempt follows.
      if (before === 0 || startedOver) {
        throw new RectioError(
          'download',
          `${address} arrived with the MD5 checksum ${md5} instead of ${file.md5}.`,
          'The address serves another file or the connection alters it: try again, or name another address with `mirror`.',
        );
      }
      startedOver = true;
      continue;
    }
    tries = after >= most + progressBytes ? 1 : tries + 1;
    most = Math.max(most, after);
    if (tries >= mostTries) {
      throw new RectioError(
        'download',
        `${address} could not be downloaded: ${reason}.`,
        'Check the connection and run the command again: it resumes where it stopped. `mirror` names another address.',
      );
    }
    await pause(pauseMs * 2 ** (tries - 1), address, options.signal);
  }
  await inFolder(path, async () => {
    await rename(part, path);
    await rm(`${part}.json`, { force: true });
    await syncFolder(dirname(path));
  });
}

/** Writes below the folder that `dir` chooses. */
function inFolder<T>(path: string, write: () => Promise<T>): Promise<T> {
  return onDisk(path, write, '`dir`');
}

/** Identifies the version of a file. A resumed download must match the version it began with. */
interface Version {
  readonly address: string;
  /** The server's ETag for this version of the file, or else its Last-Modified time. */
  readonly validator: string | null;
  readonly total: number | undefined;
}

const parseVersion = fields<Version>({
  address: aText,
  validator: orElse(orNull(aText), null),
  total: orElse(aCount, undefined),
});

/** Makes one request, starting where the partial file ends. Received bytes are kept even if the attempt fails. */
async function tryOnce(
  address: string,
  file: RemoteFile,
  part: string,
  { onProgress, signal, patience = standardPatience }: FetchOptions,
): Promise<Outcome> {
  const known = await readVersion(part);
  const have = known?.address === address ? ((await sizeOf(part)) ?? 0) : 0;
  const stall = new AbortController();
  const watch = (): NodeJS.Timeout => setTimeout(() => stall.abort(), patience.stallMs);
  let timer = watch();
  try {
    const response = await fetch(address, {
      headers: requestHeaders(have, known),
      signal: signal ? AbortSignal.any([signal, stall.signal]) : stall.signal,
    });
    const version = versionOf(address, response);
    const mostBytes = file.mostBytes ?? usualMost;
    if ((version.total ?? 0) > mostBytes) {
      await response.body?.cancel();
      throw tooLong(address, mostBytes);
    }
    const resumed = response.status === 206 && have > 0;
    if (response.status === 416 || (resumed && !continues(response, have, known, version))) {
      // The partial file does not match the server's current version: start over.
      await response.body?.cancel();
      await removePart(part);
      return { whole: false, reason: 'the file changed on the server' };
    }
    if (response.status !== 200 && !resumed) {
      await response.body?.cancel();
      const reason = `the server answered ${response.status} ${response.statusText}`.trimEnd();
      // Rate limits and server errors may pass; other refusals do not.
      if (response.status === 429 || response.status >= 500) return { whole: false, reason };
      throw new RectioError(
        'download',
        `${address} could not be downloaded: ${reason}.`,
        'The address has changed or needs permission: name another one with `mirror`.',
      );
    }
    return await receive(response, part, { version, have: resumed ? have : 0, mostBytes }, (received) => {
      clearTimeout(timer);
      timer = watch();
      onProgress?.({ file: file.name, received, total: version.total });
    });
  } catch (error) {
    if (signal?.aborted) throw interrupted(address);
    if (error instanceof RectioError) {
      if (error.code === 'disk') await removePart(part);
      throw error;
    }
    return { whole: false, reason: stall.signal.aborted ? 'the server stopped responding' : reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Appends the body of a response to the partial file.
 * @param onBytes called at the start and after each chunk, with the number of bytes on disk
 */
async function receive(
  response: Response,
  part: string,
  { version, have, mostBytes }: { readonly version: Version; readonly have: number; readonly mostBytes: number },
  onBytes: (received: number) => void,
): Promise<Outcome> {
  let received = have;
  const out = await inFolder(part, () => open(part, have > 0 ? 'a' : 'w'));
  try {
    await inFolder(part, () => writeFile(`${part}.json`, JSON.stringify(version)));
    onBytes(received);
    for await (const chunk of response.body ?? []) {
      received += chunk.length;
      if (received > (version.total ?? mostBytes)) {
        // What is too long is another file.
        await removePart(part);
        throw tooLong(version.address, version.total ?? mostBytes);
      }
      await inFolder(part, () => out.writeFile(chunk));
      onBytes(received);
    }
    await inFolder(part, () => out.sync());
  } finally {
    await out.close();
  }
  const whole = version.total === undefined || received === version.total;
  return { whole, reason: `the connection ended after ${received} of ${version.total} bytes` };
}

function tooLong(address: string, bytes: number): RectioError {
  return new RectioError(
    'download',
    `${address} sends more than ${bytes} bytes, which the file does not have.`,
    'The address serves another file: name another one with `mirror`.',
  );
}

function requestHeaders(have: number, known: Version | undefined): Record<string, string> {
  // The files are already compressed. fetch would silently decode a second encoding, and the checksum would not match.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (have === 0) return headers;
  headers['range'] = `bytes=${have}-`;
  // If-Range does not accept weak validators (RFC 9110, section 13.1.5).
  if (known?.validator && !known.validator.startsWith('W/')) headers['if-range'] = known.validator;
  return headers;
}

function versionOf(address: string, response: Response): Version {
  const { headers } = response;
  const length = headers.get('content-length');
  const total = response.status === 206 ? contentRange(response)?.total : length === null ? undefined : Number(length);
  return {
    address,
    validator: headers.get('etag') ?? headers.get('last-modified'),
    total: Number.isSafeInteger(total) ? total : undefined,
  };
}

/** Whether a partial response continues exactly where the partial file ends, in the same version. */
function continues(response: Response, have: number, known: Version | undefined, version: Version): boolean {
  return (
    contentRange(response)?.start === have && known?.validator === version.validator && known?.total === version.total
  );
}

function contentRange(response: Response): { start: number; total: number } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  return match ? { start: Number(match[1]), total: Number(match[2]) } : undefined;
}

/** The version of the partial file on disk; undefined if it is unknown or unreadable. */
async function readVersion(part: string): Promise<Version | undefined> {
  const options = { code: 'download', hint: 'Delete this file.' } as const;
  return readJsonIfThere(`${part}.json`, parseVersion, options).catch((error: unknown) => {
    // The record is damaged. Starting over is always correct.
    if (error instanceof RectioError) return undefined;
    throw error;
  });
}

async function removePart(part: string): Promise<void> {
  await inFolder(part, async () => {
    await rm(part, { force: true });
    await rm(`${part}.json`, { force: true });
  });
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function pause(milliseconds: number, address: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal ? { signal } : {});
  } catch {
    throw interrupted(address);
  }
}

function interrupted(what: string): RectioError {
  return new RectioError(
    'interrupted',
    `Stopped while downloading ${what}.`,
    'Run the command again: it resumes where it stopped.',
  );
}

/** Why a request failed. fetch wraps the real reason as its error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}
