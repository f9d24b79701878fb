/** The real command in a process of its own, and data small enough for it to train on in a second. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { randomStream } from '../../base/random.js';
import { graphBuilder, graphToJson } from '../../graph/index.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The file that runs as `rectio`. */
export const entry = join(root, 'bin', 'rectio.js');

/** Compiles dist where it is not up to date; call before anything else. */
export function build(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build.js')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** Resolves once standard output or error has held `text`. */
  readonly said: (text: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Closes the reading end of its standard output, as `head` does. */
  readonly closeOutput: () => void;
  readonly ended: Promise<Ended>;
}

/** Starts `rectio …args` in the folder `cwd`. */
export function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd,
    env: { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const waiting: { text: string; resolve: () => void }[] = [];
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data: Buffer) => {
      output[name] += data.toString();
      for (const { text, resolve } of waiting) if (output[name].includes(text)) resolve();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      if (output.stdout.includes(text) || output.stderr.includes(text)) return resolve();
      waiting.push({ text, resolve });
      void ended.then(() => reject(new Error(`It ended without '${text}': ${output.stdout}${output.stderr}`)));
    });
  return { said, kill: (signal) => void child.kill(signal), closeOutput: () => void child.stdout.destroy(), ended };
}

/** Runs `rectio …args` to its end. */
export function rectio(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return start(args, cwd, env).ended;
}

/** Writes a dataset in MNIST's form: gray images of 8×8, brighter for higher labels. */
export function writeTinyMnist(folder: string, counts = { train: 16, test: 8 }): void {
  const side = 8;
  const header = (...words: number[]) => Buffer.from(Uint32Array.from(words).buffer).swap32();
  mkdirSync(folder, { recursive: true });
  for (const [prefix, count] of [
    ['train', counts.train],
    ['t10k', counts.test],
  ] as const) {
    const stream = randomStream(count);
    const labels = Uint8Array.from({ length: count }, (_, index) => index % 10);
    const pixels = Uint8Array.from(
      { length: count * side * side },
      (_, index) => 20 * labels[Math.floor(index / (side * side))]! + stream.below(40),
    );
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), Buffer.concat([header(0x801, count), labels]));
    writeFileSync(
      join(folder, `${prefix}-images-idx3-ubyte`),
      Buffer.concat([header(0x803, count, side, side), pixels]),
    );
  }
}

/** A network's file: two convolutions with a ReLU each, for the images of `writeTinyMnist`. */
export function tinyNetwork(channels = 1, outFeatures = 10): string {
  const net = graphBuilder('tiny', [channels, 8, 8]);
  let x = net.input;
  for (const name of ['a', 'b']) {
    x = net.convolution(`${name}.conv`, x, { outChannels: 4, kernel: 3, padding: 1, bias: false });
    x = net.relu(`${name}.relu`, net.batchNorm(`${name}.bn`, x));
  }
  net.linear('fc', net.flatten('flat', net.globalAveragePool('pool', x)), { outFeatures });
  return JSON.stringify(graphToJson(net.build()));
}
