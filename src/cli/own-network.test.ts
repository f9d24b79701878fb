import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { transformSync } from '@swc/wasm-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { build, rectio, start, writeTinyMnist } from './testing/rectio.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-own-'));
  writeTinyMnist(join(folder, 'data'));
  writeFileSync(join(folder, 'mine.ts'), mine());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const slow = ['--batch', '8', '--engine', 'reference', '--workers', '0'];
const tiny = ['--data', 'mnist', '--data-dir', 'data', ...slow];
const weightsOf = (run: string) => readFileSync(join(folder, run, 'model.safetensors'));

/** A network called `own`, whatever its file is called. */
function mine(kernel = 3): string {
  return [
    "import { graphBuilder, type NetworkOptions } from 'rectio';",
    'export function network({ classes, inputShape }: NetworkOptions) {',
    "  console.log('making it');",
    "  const net = graphBuilder('own', inputShape);",
    "  let x = net.relu('relu1', net.convolution('conv1', net.input, { outChannels: 4, kernel: 3 }));",
    `  x = net.relu('relu2', net.convolution('conv2', x, { outChannels: 4, kernel: ${kernel} }));`,
    "  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', x)), { outFeatures: classes });",
    '  return net.build();',
    '}',
  ].join('\n');
}

describe("a file in the place of a network's name", () => {
  it('is inspected and timed, named as an argument or with --model; what it prints goes to standard error', async () => {
    const inspected = await rectio(['inspect', './mine.ts', '--ratio', '2:1', '--json'], folder);
    expect(JSON.parse(inspected.stdout)).toMatchObject({ model: 'own', totals: { convolutions: 2, activations: 1 } });
    expect(inspected).toMatchObject({ code: 0, stderr: 'making it\n' });
    const few = ['--steps', '1', '--warm-up', '0', '--size', '8', '--batch', '2', '--engine', 'reference', '--json'];
    const timed = await rectio(['bench', '--model', 'mine.ts', ...few], folder);
    expect(JSON.parse(timed.stdout)).toMatchObject({ model: 'own', batch: 2 });
  });

  it.each([
    ['inspect mine.ts --model mine.ts', 2, 'The network is given twice'],
    ['inspect', 2, 'MODEL is missing'],
    ['inspect ./mien.ts', 2, 'Did you mean ./mine.ts?'],
    ['inspect mine.ts --shortcut A', 2, 'The shortcuts of mine.ts are what the file says'],
    ['inspect wrong.ts', 1, 'wrong.ts:6:29: Node conv2 (convolution): its window spans 40'],
  ])('rectio %s is refused', async (line, code, message) => {
    writeFileSync(join(folder, 'wrong.ts'), mine(40));
    const ended = await rectio(line.split(' '), folder);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(ended.code).toBe(code);
  });

  it('comes with its whole stack where RECTIO_DEBUG=1 asks for it', async () => {
    writeFileSync(join(folder, 'wrong.ts'), mine(40));
    const { stderr } = await rectio(['inspect', 'wrong.ts'], folder, { RECTIO_DEBUG: '1' });
    expect(stderr).toMatch(/caused by: .*\n(\s+at .*\n)*\s+at .*wrong\.ts:6:/);
  });

  it('can be named in the settings, and the network gives the run its name', async () => {
    writeFileSync(join(folder, 'settings.json'), JSON.stringify({ model: { name: './mine.ts' }, epochs: 1 }));
    const { stdout, code } = await rectio(['train', '--config', 'settings.json', ...tiny, '--json'], folder);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'own', run: join('runs', 'own-1to1-seed0') });
    expect(code).toBe(0);
  });

  it('is not needed to go on with a run: the network is the one that the run began with', async () => {
    const args = [...tiny, '--ratio', '2:1', '--lr', '0.01', '--epochs', '40', '--json'];
    await rectio(['train', 'mine.ts', ...args, '--run', 'straight'], folder);
    writeFileSync(join(folder, 'changing.ts'), mine());
    const running = start(['train', 'changing.ts', ...args, '--run', 'stopped'], folder);
    await running.said('epoch  1/40');
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    writeFileSync(join(folder, 'changing.ts'), mine(5));
    const resumed = await rectio(['train', '--resume', 'stopped'], folder);
    expect(resumed.stderr).toBe('The network is the one that the run began with; changing.ts is not read.\n');
    expect(resumed.code).toBe(0);
    expect(weightsOf('stopped').equals(weightsOf('straight'))).toBe(true);
  });

  it('stops at Ctrl-C, whatever it does', async () => {
    writeFileSync(join(folder, 'forever.ts'), "console.log('begun');\nfor (;;);");
    for (const command of ['train', 'inspect']) {
      const running = start([command, 'forever.ts'], folder);
      // What a thread prints while it never rests does not arrive: give it the time to begin.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      running.kill('SIGINT');
      const { code } = await running.ended;
      // Where nothing listens for the signal, the process ends by it and has no exit code.
      expect(code).toBe(command === 'train' ? 130 : null);
    }
  });

  it('can be a network that inspect wrote, at the ratio at which it was shown', async () => {
    const size = ['--size', '8', '--classes', '10', '--ratio', '2:1'];
    const written = await rectio(['inspect', 'resnet20', ...size, '--save-graph', 'net.json'], folder);
    expect(written.stdout).toContain('Written to net.json');
    const { stdout } = await rectio(['inspect', 'net.json', '--json'], folder);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'resnet20', totals: { convolutions: 21, activations: 10 } });
    const unfit = await rectio(['train', 'net.json', ...tiny], folder);
    expect(unfit.stderr).toContain('net.json: the network takes images of 3×8×8, but the data has 1×8×8');
    expect(unfit.code).toBe(1);
  });
});

describe('the examples', () => {
  it('are inspected block by block, each block once with its shortcut', async () => {
    const { stdout } = await rectio(['inspect', join(root, 'examples', 'small-residual.ts'), '--ratio', '2:1'], folder);
    const rows = stdout.split('\n').map((line) => line.split(/ +/)[0]);
    const expected = ['input', 'stem', 'block32', 'block64', 'block128', 'head'];
    expect(rows.filter((row) => expected.includes(row!))).toEqual(expected);
    expect(stdout).toMatch(/^block32 +32×16×16 +3 +○● +18,624/m);
  });

  it.each(['small-residual.ts', 'two-branches.ts'])('%s trains, at 1:1 and at 2:1', async (name) => {
    for (const ratio of ['1:1', '2:1']) {
      const args = ['train', join(root, 'examples', name), ...tiny, '--epochs', '1', '--ratio', ratio, '--json'];
      const { code, stdout } = await rectio(args, folder);
      expect(JSON.parse(stdout)).toMatchObject({ ratio, test: { loss: expect.any(Number) } });
      expect(code).toBe(0);
    }
  });

  it('train.ts trains from TypeScript, in at most fifteen lines', async () => {
    const path = join(root, 'examples', 'train.ts');
    const [, code = ''] = readFileSync(path, 'utf8').split(' */\n');
    expect(code.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(15);
    const cwd = project();
    writeFileSync(join(cwd, 'train.mjs'), transformSync(readFileSync(path, 'utf8'), { mode: 'strip-only' }).code);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['train.mjs'], { cwd, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^epoch 1: [\d.]+ %\nepoch 2: [\d.]+ %\nepoch 3: [\d.]+ %\ntest error [\d.]+ %, \d+ tensors\n$/,
    );
    expect(Number(/test error ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(20);
    expect(status).toBe(0);
  });

  it('small-residual.ts is what the README shows', () => {
    const [, code = ''] = readFileSync(join(root, 'examples', 'small-residual.ts'), 'utf8').split(' */\n\n');
    const shown = code.trimEnd().replaceAll(/^(?=.)/gm, '    ');
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(shown);
  });

  it('folder makes its images and trains on them', async () => {
    const maker = join(root, 'examples', 'folder', 'make-images.js');
    const made = spawnSync(process.execPath, [maker, 'shapes', '24', '12'], { cwd: folder, encoding: 'utf8' });
    expect(made).toMatchObject({ status: 0, stdout: '24 and 12 images of 10 classes are in shapes\n' });
    const data = ['--data', 'folder', '--data-dir', 'shapes', '--size', '16'];
    const network = join(root, 'examples', 'folder', 'network.ts');
    const { code, stdout } = await rectio(['train', network, ...data, ...slow, '--epochs', '1', '--json'], folder);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'folder_net', test: { loss: expect.any(Number) } });
    expect(code).toBe(0);
  });
});

/** A project that has the package; gives its folder. */
function project(): string {
  const path = join(folder, 'project');
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  if (!existsSync(join(path, 'node_modules', 'rectio'))) {
    symlinkSync(root, join(path, 'node_modules', 'rectio'), 'junction');
  }
  return path;
}

describe('the package', () => {
  it('gives a project what builds, counts and trains networks', () => {
    const cwd = project();
    writeFileSync(
      join(cwd, 'use.mjs'),
      [
        "import { applyRatio, createModel, graphBuilder, inspectGraph } from 'rectio';",
        "import { memoryDataset, openDataset, openTraining, train, trainNetwork } from 'rectio/training';",
        "const { graph, report } = applyRatio(createModel('resnet20'), { ratio: '2:1' });",
        'console.log(inspectGraph(graph, report).totals.activations);',
        'console.log([graphBuilder, memoryDataset, openDataset, openTraining, train, trainNetwork].map((x) => typeof x).join());',
      ].join('\n'),
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['use.mjs'], { cwd, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe(`10\n${Array.from({ length: 6 }, () => 'function').join()}\n`);
  });

  it('has types that resolve in a project without those of Node', () => {
    const cwd = project();
    const source = [
      "import { createModel } from 'rectio';",
      "import { memoryDataset, openTraining, train, trainNetwork } from 'rectio/training';",
      'const split = { images: new Uint8Array(48), labels: [0, 1, 0] };',
      'const data = memoryDataset({ train: split, test: split, shape: [1, 4, 4], classes: 2 });',
      "const { test } = await trainNetwork(createModel('resnet20'), { data, ratio: '2:1' });",
      'const error: number = test.error;',
      "for await (const event of train(await openTraining({ model: 'resnet20' }))) console.log(event.type, error);",
    ].join('\n');
    writeFileSync(join(cwd, 'use.mts'), source);
    const options = ['--noEmit', '--strict', '--target', 'es2023', '--types', '', '--module', 'nodenext'];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, 'use.mts'], { cwd, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
