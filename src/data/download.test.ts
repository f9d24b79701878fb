import { createHash } from 'node:crypto';
import { readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { downloadDataset, downloadFiles, downloadableNames, isDownloaded, type DownloadProgress } from './download.js';
import { failureOf, randomBytes, temporaryFolder } from './testing/fixtures.js';

const content = randomBytes(300_000, 7);
const md5 = createHash('md5').update(content).digest('hex');
const file = { name: 'images.bin', md5 };
const patience = { tries: 3, pauseMs: 5, stallMs: 300 };

type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A local server; `ranges` lists the Range header of each request that it received. */
async function serve(answer: Answer): Promise<{ address: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response, ranges.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ranges };
}

interface Serving {
  readonly bytes?: Buffer;
  readonly etag?: string;
  readonly ranges?: boolean;
  /** Ends the connection after this many bytes of the body. */
  readonly cut?: number;
}

/** Responds like a file server. */
function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes = content, etag = '"one"', ranges = true, cut }: Serving = {},
): void {
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const wanted = request.headers['if-range'];
  const start = match && ranges && (wanted === undefined || wanted === etag) ? Number(match[1]) : 0;
  const body = bytes.subarray(start);
  const headers: Record<string, string> = { etag, 'content-length': String(body.length) };
  if (start > 0) headers['content-range'] = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(start > 0 ? 206 : 200, headers);
  if (cut === undefined) response.end(body);
  else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
}

describe('a download', () => {
  it('arrives complete, reports progress, and is not repeated', async () => {
    const dir = join(await temporaryFolder(), 'new', 'folder');
    const { address, ranges } = await serve((request, response) => sendFile(request, response));
    const seen: DownloadProgress[] = [];
    const options = { patience, onProgress: (progress: DownloadProgress) => void seen.push(progress) };
    const first = await downloadFiles([file], [address], dir, options);
    expect(first).toEqual({ dir, files: [join(dir, file.name)], fetched: 1 });
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
    expect(await readdir(dir)).toEqual([file.name]);
    expect(seen.at(-1)).toEqual({ file: file.name, received: content.length, total: content.length });
    const received = seen.map((progress) => progress.received);
    expect(received).toEqual([...received].sort((a, b) => a - b));

    expect((await downloadFiles([file], [address], dir, options)).fetched).toBe(0);
    expect(ranges).toHaveLength(1);
  });

  it('resumes after a dropped connection', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response, number) =>
      sendFile(request, response, number < 3 ? { cut: 100_000 } : {}),
    );
    await downloadFiles([file], [address], dir, { patience });
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
    expect(await readdir(dir)).toEqual([file.name]);
  });

  it('resumes in a later call after it was stopped', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response, number) =>
      number === 1 ? sendHalf(response) : sendFile(request, response),
    );
    const stop = new AbortController();
    const error = await failureOf(() =>
      downloadFiles([file], [address], dir, {
        patience,
        signal: stop.signal,
        onProgress: ({ received }) => received >= 150_000 && stop.abort(),
      }),
    );
    expect(error.code).toBe('interrupted');
    expect((await readdir(dir)).sort()).toEqual(['images.bin.part', 'images.bin.part.json']);
    await downloadFiles([file], [address], dir, { patience });
    expect(ranges).toEqual([undefined, 'bytes=150000-']);
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
  });

  it('starts over if the server does not support ranges', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response, number) =>
      sendFile(request, response, number === 1 ? { cut: 100_000, ranges: false } : { ranges: false }),
    );
    await downloadFiles([file], [address], dir, { patience });
    expect(ranges).toEqual([undefined, 'bytes=100000-']);
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
  });

  it('starts over if the file has changed on the server', async () => {
    const other = randomBytes(250_000, 8);
    for (const heedsIfRange of [true, false]) {
      const dir = await temporaryFolder();
      const { address } = await serve((request, response, number) => {
        if (!heedsIfRange) delete request.headers['if-range'];
        sendFile(request, response, number === 1 ? { bytes: other, etag: '"old"', cut: 100_000 } : {});
      });
      await downloadFiles([file], [address], dir, { patience });
      expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
    }
  });

  it('starts over if the partial file is longer than the file on the server', async () => {
    const dir = await temporaryFolder();
    const { address } = await serve((request, response) => {
      if (request.headers.range === undefined) sendFile(request, response);
      else response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    });
    await writeFile(join(dir, 'images.bin.part'), Buffer.alloc(content.length + 5));
    const version = { address: address + file.name, validator: '"one"', total: content.length };
    await writeFile(join(dir, 'images.bin.part.json'), JSON.stringify(version));
    await downloadFiles([file], [address], dir, { patience });
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
  });

  it('makes one more attempt if a resumed file has the wrong checksum', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response) => sendFile(request, response));
    await writeFile(join(dir, 'images.bin.part'), Buffer.alloc(1000));
    const version = { address: address + file.name, validator: '"one"', total: content.length };
    await writeFile(join(dir, 'images.bin.part.json'), JSON.stringify(version));
    await downloadFiles([file], [address], dir, { patience });
    expect(ranges).toEqual(['bytes=1000-', undefined]);
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
  });

  it('refuses a wrong checksum and leaves nothing behind', async () => {
    const dir = await temporaryFolder();
    const { address } = await serve((request, response) => sendFile(request, response, { bytes: randomBytes(900, 1) }));
    const error = await failureOf(() => downloadFiles([file], [address], dir, { patience }));
    expect(error.code).toBe('download');
    expect(error.message).toContain(`${address}images.bin`);
    expect(error.message).toContain(`instead of ${md5}`);
    expect(await readdir(dir)).toEqual([]);
  });

  it('replaces a damaged file', async () => {
    const dir = await temporaryFolder();
    const { address } = await serve((request, response) => sendFile(request, response));
    await writeFile(join(dir, file.name), 'broken');
    await downloadFiles([file], [address], dir, { patience });
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
  });

  it('tries the next address at once if the file is missing on the server', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((_, response) => response.writeHead(404).end('no'));
    const error = await failureOf(() => downloadFiles([file], [address], dir, { patience }));
    expect(error.code).toBe('download');
    expect(error.message).toBe(`${address}images.bin could not be downloaded: the server answered 404 Not Found.`);
    expect(ranges).toHaveLength(1);
    expect(await readdir(dir)).toEqual([]);

    const { address: second } = await serve((request, response) => sendFile(request, response));
    await downloadFiles([file], [address, second], dir, { patience });
    expect(Buffer.compare(await readFile(join(dir, file.name)), content)).toBe(0);
  });

  it('retries after server errors, and gives up after a while', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response, number) =>
      number < 3 ? response.writeHead(503).end() : sendFile(request, response),
    );
    await downloadFiles([file], [address], dir, { patience });
    expect(ranges).toHaveLength(3);

    const { address: down, ranges: asked } = await serve((_, response) => response.writeHead(503).end());
    const empty = await temporaryFolder();
    const error = await failureOf(() => downloadFiles([file], [down], empty, { patience }));
    expect(error.message).toContain('the server answered 503');
    expect(asked).toHaveLength(patience.tries);
  });

  it('gives up on a server that is unreachable or stops responding', async () => {
    const closed = await serve((_, response) => response.end());
    const unreachable = `http://127.0.0.1:1/`;
    const dir = await temporaryFolder();
    const error = await failureOf(() => downloadFiles([file], [unreachable], dir, { patience }));
    expect(error).toMatchObject({ code: 'download', hint: expect.stringContaining('`mirror`') });
    expect(closed.ranges).toHaveLength(0);

    const { address } = await serve(
      (_, response) => void response.writeHead(200, { 'content-length': '10' }).write('x'),
    );
    const quick = { ...patience, stallMs: 50 };
    const silent = await failureOf(() => downloadFiles([file], [address], dir, { patience: quick }));
    expect(silent.message).toContain('stopped responding');
  });

  it('ends with a body that has no end, and leaves nothing behind', async () => {
    const dir = await temporaryFolder();
    let sent = 0;
    const { address } = await serve((_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    const bounded = { ...file, mostBytes: 1_000_000 };
    await expect(downloadFiles([bounded], [address], dir, { patience })).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining('sends more than 1000000 bytes'),
    });
    expect(sent).toBeLessThan(50_000_000);
    expect(await readdir(dir)).toEqual([]);
  });

  it('does not even begin with a file that is said to be too long', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response) => sendFile(request, response));
    const bounded = { ...file, mostBytes: 1000 };
    await expect(downloadFiles([bounded], [address], dir, { patience })).rejects.toThrow('sends more than 1000 bytes');
    expect(ranges).toHaveLength(1);
  });

  it('gives up on a server that cuts each answer and then refuses to go on', async () => {
    const dir = await temporaryFolder();
    const { address, ranges } = await serve((request, response) => {
      if (request.headers.range === undefined) sendFile(request, response, { cut: 100_000 });
      else response.writeHead(416).end();
    });
    await expect(downloadFiles([file], [address], dir, { patience })).rejects.toMatchObject({ code: 'download' });
    expect(ranges.length).toBeLessThan(10);
  });

  it('says that the disk is full and leaves nothing half-written', async () => {
    const dir = await temporaryFolder();
    const { address } = await serve((request, response) => sendFile(request, response));
    await symlink('/dev/full', join(dir, 'images.bin.part'));
    const error = await failureOf(() => downloadFiles([file], [address], dir, { patience }));
    expect(error.code).toBe('disk');
    expect(error.message).toContain('the disk is full');
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('getting a dataset by name', () => {
  it('requests every file of the dataset from the mirror', async () => {
    const asked: string[] = [];
    const { address } = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('something else');
    });
    const dir = await temporaryFolder();
    for (const name of downloadableNames) {
      const error = await failureOf(() => downloadDataset(name, { dir, mirror: `${address}mirror`, patience }));
      expect(error.message).toContain('MD5');
    }
    expect(asked).toEqual([
      '/mirror/cifar-10-binary.tar.gz',
      '/mirror/cifar-100-binary.tar.gz',
      '/mirror/train-images-idx3-ubyte.gz',
      '/mirror/train-images-idx3-ubyte.gz',
    ]);
  });

  it('is done when every file is there under its own name', async () => {
    const dir = await temporaryFolder();
    const names = ['train-images', 'train-labels', 't10k-images', 't10k-labels'].map(
      (name) => `${name}-idx${name.endsWith('images') ? 3 : 1}-ubyte.gz`,
    );
    for (const name of names) {
      expect(await isDownloaded('mnist', dir)).toBe(false);
      await writeFile(join(dir, `${name}.part`), 'half of it');
      expect(await isDownloaded('mnist', dir)).toBe(false);
      await writeFile(join(dir, name), 'all of it');
    }
    expect(await isDownloaded('mnist', dir)).toBe(true);
    expect(await isDownloaded('cifar10', dir)).toBe(false);
    expect(await isDownloaded('synthetic', dir)).toBe(false);
  });

  it('refuses unknown names and mirrors that are not addresses', async () => {
    expect(await failureOf(() => downloadDataset('cifar11'))).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('cifar10'),
    });
    for (const mirror of ['somewhere', 'file:///tmp/']) {
      expect((await failureOf(() => downloadDataset('mnist', { mirror }))).code).toBe('usage');
    }
  });
});

/** Sends the first half, then nothing more. */
function sendHalf(response: ServerResponse): void {
  response.writeHead(200, { etag: '"one"', 'content-length': String(content.length) });
  response.write(content.subarray(0, 150_000));
}
