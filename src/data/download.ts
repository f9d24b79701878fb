/** Downloads of datasets from their official addresses: resumed, checked, and in place only when whole. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { onDisk, syncFolderOf } from './disk.js';
import { sizeOf } from './files.js';
import { defaultDataDir } from './options.js';

export interface RemoteFile {
  readonly name: string;
  readonly md5: string;
}

interface RemoteDataset {
  /** Where the files lie, the first choice first; each ends in a slash. */
  readonly addresses: readonly string[];
  readonly files: readonly RemoteFile[];
}

const TORONTO = 'https://www.cs.toronto.edu/~kriz/';

/** Addresses and checksums as their makers (CIFAR, Fashion-MNIST) and torchvision (MNIST) publish them. */
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

/** Whether every file of a dataset lies in a folder, by name; one that is only half fetched does not count. */
export async function isDownloaded(name: string, dir: string = defaultDataDir(name)): Promise<boolean> {
  const files = Object.hasOwn(remotes, name) ? remotes[name]!.files : [];
  for (const file of files) if ((await sizeOf(join(dir, file.name))) === undefined) return false;
  return files.length > 0;
}

export interface DownloadProgress {
  readonly file: string;
  /** Bytes on disk. */
  readonly received: number;
  /** Bytes in all; undefined where the server does not say. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** Default: where `openDataset` looks when no folder is named. */
  readonly dir?: string;
  /** An address to take the files from instead of the official one. */
  readonly mirror?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

type FetchOptions = Omit<DownloadOptions, 'dir' | 'mirror'>;

/** When to give up on a server. */
export interface Patience {
  /** Tries in a row without a single new byte. */
  readonly tries: number;
  /** The first pause between tries in milliseconds; each further one is twice as long. */
  readonly pauseMs: number;
  /** A server that sends nothing for so many milliseconds has lost its try. */
  readonly stallMs: number;
}

const standardPatience: Patience = { tries: 5, pauseMs: 500, stallMs: 30_000 };

export interface DownloadResult {
  readonly dir: string;
  /** Paths of the dataset's files. */
  readonly files: readonly string[];
  /** How many of them had to be fetched; the others were there already, whole. */
  readonly fetched: number;
}

/**
 * Fetches what is missing of a dataset into a folder that `openDataset` can then be given. An interrupted download is
 * taken up where it stopped.
 *
 * @throws RectioError `usage` for an unknown name or mirror, `download` where a file does not arrive as it should,
 *   `disk` where it cannot be written, `interrupted` where the signal fires.
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

/** Fetches files with known checksums into a folder; each from the first address that serves it. */
export async function downloadFiles(
  remoteFiles: readonly RemoteFile[],
  addresses: readonly string[],
  dir: string,
  options: FetchOptions = {},
): Promise<DownloadResult> {
  await onDisk(dir, '--dir', () => mkdir(dir, { recursive: true }));
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

/** What one try can end in besides an error. */
type Outcome = { readonly whole: boolean; readonly reason: string };

/** Brings one file into `dir`; false where it is there already. */
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
  let startedOver = false;
  for (;;) {
    const before = (await sizeOf(part)) ?? 0;
    const { whole, reason } = await tryOnce(address, file, part, options);
    const after = (await sizeOf(part)) ?? 0;
    if (whole) {
      const md5 = await md5Of(part);
      if (md5 === file.md5) break;
      await removePart(part);
      // What was put together from several tries may be a mixture of two versions: one clean try settles it.
      if (before === 0 || startedOver) {
        throw new RectioError(
          'download',
          `${address} arrived with the MD5 checksum ${md5} instead of ${file.md5}.`,
          'The address serves another file or the connection changes it: try again, or another address with --mirror.',
        );
      }
      startedOver = true;
      continue;
    }
    tries = after > before ? 1 : tries + 1;
    if (tries >= mostTries) {
      throw new RectioError(
        'download',
        `${address} could not be downloaded: ${reason}.`,
        'Check the connection and start again: it goes on where it stopped. --mirror names another address.',
      );
    }
    await pause(pauseMs * 2 ** (tries - 1), address, options.signal);
  }
  await onDisk(path, '--dir', async () => {
    await rename(part, path);
    await rm(`${part}.json`, { force: true });
    await syncFolderOf(path);
  });
}

/** What must still hold for the rest of a file to belong to its beginning. */
interface Version {
  readonly address: string;
  /** The server's name for this version of the file: its ETag, or else the time of its last change. */
  readonly validator: string | null;
  readonly total: number | undefined;
}

/** One request, from where the part ends; bytes that arrive are kept whatever happens then. */
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
    const resumed = response.status === 206 && have > 0;
    if (response.status === 416 || (resumed && !continues(response, have, known, version))) {
      // The part does not fit what the server has now: drop it and begin anew.
      await response.body?.cancel();
      await removePart(part);
      return { whole: false, reason: 'the file changed on the server' };
    }
    if (response.status !== 200 && !resumed) {
      await response.body?.cancel();
      const reason = `the server answered ${response.status} ${response.statusText}`.trimEnd();
      // Too many requests and the server's own trouble pass; other refusals do not.
      if (response.status === 429 || response.status >= 500) return { whole: false, reason };
      throw new RectioError(
        'download',
        `${address} could not be downloaded: ${reason}.`,
        'The address has changed or needs permission: name another with --mirror.',
      );
    }
    let received = resumed ? have : 0;
    const out = await onDisk(part, '--dir', () => open(part, resumed ? 'a' : 'w'));
    try {
      await onDisk(part, '--dir', () => writeFile(`${part}.json`, JSON.stringify(version)));
      onProgress?.({ file: file.name, received, total: version.total });
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = watch();
        await onDisk(part, '--dir', () => out.writeFile(chunk));
        received += chunk.length;
        onProgress?.({ file: file.name, received, total: version.total });
      }
      await onDisk(part, '--dir', () => out.sync());
    } finally {
      await out.close();
    }
    const whole = version.total === undefined || received === version.total;
    return { whole, reason: `the connection ended after ${received} of ${version.total} bytes` };
  } catch (error) {
    if (signal?.aborted) throw interrupted(address);
    if (error instanceof RectioError) {
      if (error.code === 'disk') await removePart(part);
      throw error;
    }
    return { whole: false, reason: stall.signal.aborted ? 'the server went silent' : reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

function requestHeaders(have: number, known: Version | undefined): Record<string, string> {
  // The files are compressed themselves; a second layer would be undone unseen and break the checksum.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (have === 0) return headers;
  headers['range'] = `bytes=${have}-`;
  // A weak validator must not be used for parts (RFC 9110, section 13.1.5).
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

/** Whether a partial answer goes on exactly where the part ends, in the same version of the file. */
function continues(response: Response, have: number, known: Version | undefined, version: Version): boolean {
  return (
    contentRange(response)?.start === have && known?.validator === version.validator && known?.total === version.total
  );
}

function contentRange(response: Response): { start: number; total: number } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  return match ? { start: Number(match[1]), total: Number(match[2]) } : undefined;
}

/** What is known about the part on disk; undefined where nothing is, or it cannot be made out. */
async function readVersion(part: string): Promise<Version | undefined> {
  try {
    const { address, validator, total } = JSON.parse(await readFile(`${part}.json`, 'utf8')) as Partial<Version>;
    return address === undefined ? undefined : { address, validator: validator ?? null, total };
  } catch {
    // Missing or cut off: the download begins anew, which is always right.
    return undefined;
  }
}

async function removePart(part: string): Promise<void> {
  await onDisk(part, '--dir', async () => {
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
    'Start the command again: it goes on where it stopped.',
  );
}

/** Why a request failed, in the words of the layer that knows. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}
