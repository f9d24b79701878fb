import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { GradientReport } from '../inspect/index.js';
import { build, entry, rectio, start, writeTinyMnist } from './testing/rectio.js';

let folder = '';
beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-cli-'));
  writeTinyMnist(join(folder, 'data'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = ['--data', 'mnist', '--data-dir', 'data', '--batch', '8', '--engine', 'reference', '--workers', '0'];
const train = (...args: string[]) => ['train', 'resnet20', ...tiny, ...args];
const escape = '\u001b';

describe('help', () => {
  it.each(['train', 'inspect', 'export', 'bench', 'doctor', 'data', 'models', 'demo'])(
    'of %s has examples',
    async (command) => {
      const { code, stdout, stderr } = await rectio([command, '--help'], folder);
      expect(stdout).toContain(`Usage: rectio ${command}`);
      expect(stdout).toContain('Examples:');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  it('names every command, and comes with exit code 2 where no command was given', async () => {
    const asked = await rectio(['--help'], folder);
    expect(asked.code).toBe(0);
    expect(await rectio([], folder)).toEqual({ ...asked, code: 2 });
    for (const command of ['train', 'inspect', 'export', 'bench', 'doctor', 'data', 'models', 'demo']) {
      expect(asked.stdout).toContain(`\n  ${command} `);
    }
  });

  it('of train says what the recipes set', async () => {
    const { stdout } = await rectio(['train', '--help'], folder);
    expect(stdout).toContain('Recipes:');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('epochs 164, batch 128, lr 0.1');
  });
});

describe('wrong usage ends with exit code 2, one clear sentence and what to do', () => {
  it.each([
    ['trian', "no command 'trian'", 'Did you mean train?'],
    ['train', 'MODEL is missing', 'rectio train resnet20'],
    ['train resnet2O', "no model 'resnet2O'", 'Did you mean resnet20'],
    ['train resnet20 --epoks 3', 'no option --epoks', 'Did you mean --epochs?'],
    ['train resnet20 --epochs', '--epochs needs a value', '--epochs COUNT'],
    ['train resnet20 --epochs 2.5', "--epochs cannot be '2.5'", 'a whole number from 1 to 100000'],
    ['train resnet20 --lr -1', "--lr cannot be '-1'", 'a number above 0'],
    ['train resnet20 --data cifar', 'no dataset named cifar', 'Did you mean cifar10'],
    ['train resnet20 --recipe fst', "--recipe cannot be 'fst'", 'Did you mean fast?'],
    ['train resnet20 --engine onedn', 'no engine named onedn', 'Did you mean onednn?'],
    ['train resnet20 --ratio 2:3', '2:3', 'Did you mean 3:2?'],
    ['train resnet20 --ratio two', "'two' is not a ratio", ':'],
    ['train resnet20 --ratio stage1=2:1,stage9=2:1', "no stage 'stage9'", 'layer1, layer2, layer3'],
    ['bench resnet20 --ratio stage1:2:1', "'stage1:2:1' is not a ratio", 'Did you mean stage1=2:1?'],
    ['train resnet20 --drop layer1.0.relv1', "no site 'layer1.0.relv1'", 'Did you mean layer1.0.relu1'],
    ['train resnet20 2:1', "'2:1' is one argument too many", '--ratio 2:1'],
    ['train resnet20 --resume x', 'resnet20 cannot be given together with --resume', 'rectio train --resume x'],
    ['train --resume x --batch 9', '--batch cannot be given together with --resume', 'rectio train --resume x'],
    ['inspect resnet20 --scope blok', "--scope cannot be 'blok'", 'Did you mean block?'],
    ['inspect resnet20 --pattern 012', "'012'", 'ones and zeros'],
    ['bench resnet20 --mode evl', "--mode cannot be 'evl'", 'Did you mean eval?'],
    ['models plian20', "'plian20'", 'Did you mean plain20'],
    ['train resnet20 --weights-partial', '--weights-partial cannot be true', 'Give --weights as well'],
    ['export', 'RUN is missing', 'runs/resnet20'],
    ['export runs/x --format onx', "--format cannot be 'onx'", 'safetensors'],
    ['data gt cifar10', "cannot 'gt'", 'Did you mean get?'],
    ['data get cifr10', 'cifr10', 'Did you mean cifar10'],
    ['--json', 'comes first', 'train'],
  ])('rectio %s', async (line, what, cure) => {
    const { code, stderr } = await rectio(line.split(' '), folder);
    expect(stderr).toContain(what);
    expect(stderr).toContain(cure);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it('also for a config file with a typo, which is named', async () => {
    writeFileSync(join(folder, 'typo.json'), '{"schedule": {"learningRat": 0.1}}');
    const { code, stderr } = await rectio(train('--config', 'typo.json'), folder);
    expect(stderr).toContain('typo.json: There is no setting schedule.learningRat');
    expect(stderr).toContain('learningRate');
    expect(code).toBe(2);
  });

  it('also for a config file that is not JSON', async () => {
    writeFileSync(join(folder, 'broken.json'), '{"epochs": 3,}');
    const { code, stderr } = await rectio(train('--config', 'broken.json'), folder);
    expect(stderr).toContain('broken.json is not JSON');
    expect(code).toBe(2);
  });
});

describe('what goes wrong', () => {
  it('ends with exit code 1 and no stack, unless RECTIO_DEBUG=1 asks for it', async () => {
    const args = ['train', 'resnet20', '--data', 'cifar10', '--data-dir', 'absent'];
    const quiet = await rectio(args, folder);
    expect(quiet.stderr).toContain('absent');
    expect(quiet.stderr).not.toMatch(/^\s+at /m);
    const debug = await rectio(args, folder, { RECTIO_DEBUG: '1' });
    expect(debug.stderr).toMatch(/^\s+at /m);
    expect([quiet.code, debug.code]).toEqual([1, 1]);
  });

  it('is one JSON document where --json was given', async () => {
    const { code, stdout } = await rectio(['train', '--resume', 'absent', '--json'], folder);
    const document: unknown = JSON.parse(stdout);
    expect(document).toEqual({
      error: { code: 'checkpoint', message: expect.stringContaining('absent'), hint: expect.any(String) },
    });
    expect(code).toBe(1);
  });
});

describe('inspect', () => {
  it('gives counts, sites and layers as one JSON document', async () => {
    const { code, stdout, stderr } = await rectio(['inspect', 'resnet20', '--ratio', '2:1', '--json'], folder);
    const document = JSON.parse(stdout) as Record<string, unknown[]>;
    expect(document).toMatchObject({
      model: 'resnet20',
      ratio: { asked: '2:1', achieved: '2:1', pattern: '01', scope: 'network' },
      totals: { convolutions: 21, activations: 10, parameters: 272_474 },
    });
    expect(document['sites']).toHaveLength(18);
    expect(document['sites']![0]).toEqual({ name: 'layer1.0.relu1', kept: false });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('takes ratios for single stages, and names of ReLUs to drop', async () => {
    const options = ['--ratio', 'stage2-3=2:1@10', '--drop', 'layer1.0.*', '--drop', 'layer1.1.relu1', '--json'];
    const { stdout } = await rectio(['inspect', 'resnet20', ...options], folder);
    const { ratio, sites } = JSON.parse(stdout) as { ratio: unknown; sites: { name: string; kept: boolean }[] };
    expect(ratio).toMatchObject({
      asked: 'stage2-3=2:1',
      achieved: '2:1',
      pattern: 'stage2-3=10',
      drop: ['layer1.0.*', 'layer1.1.relu1'],
    });
    expect(sites.slice(0, 8).map(({ kept }) => kept)).toEqual([false, false, false, true, true, true, true, false]);
  });

  it('answers within half a second', async () => {
    // The processor's time, and the best of three: other tests run beside this one.
    const report = `process.on('exit', () => console.error(process.cpuUsage().user + process.cpuUsage().system))`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(report)}` };
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { stderr } = await rectio(['inspect', 'resnet152', '--ratio', '3:2'], folder, env);
      times.push(Number(stderr) / 1e6);
    }
    expect(Math.min(...times)).toBeLessThan(0.5);
  });

  it('shows a row for every block, or for every layer', async () => {
    const blocks = await rectio(['inspect', 'resnet20', '--ratio', '2:1'], folder);
    expect(blocks.stdout).toMatch(/^ +layer1\.0 .* 2 +○● +4,672 +4\.72 M/m);
    expect(blocks.stdout).toMatch(/^layer1 .* 6 +3 of 6 +14,016 +14\.2 M/m);
    expect(blocks.stdout).toMatch(/^total +10 +21 +9 of 18 +272,474 +40\.8 M/m);
    const layers = await rectio(['inspect', 'resnet20', '--layers'], folder);
    expect(layers.stdout).toMatch(/^layer1\.0\.conv1 +convolution 3×3 +16×32×32 .*2,304/m);
  });

  it('draws the network into a file, and replaces one that is there', async () => {
    const file = join(folder, 'picture.svg');
    writeFileSync(file, 'an earlier one');
    const { code, stdout, stderr } = await rectio(['inspect', 'resnet20', '--ratio', '2:1', '--svg', file], folder);
    expect(stdout).toMatch(new RegExp(`Drawn in ${file}\n$`));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toMatch(/^<svg [^]*resnet20 at 2:1[^]*<\/svg>\n$/);
    expect(existsSync(`${file}.tmp`)).toBe(false);
  });

  it.each([
    ['picture.png', 2, "--svg cannot be 'picture.png'", 'ends in .svg'],
    [join('absent', 'picture.svg'), 1, 'there is no folder absent', 'Make the folder first.'],
    [join('data', 't10k-labels-idx1-ubyte', 'picture.svg'), 1, 'Cannot write', 'folder'],
  ])('does not draw into %s', async (file, exit, what, cure) => {
    const { code, stderr } = await rectio(['inspect', 'resnet20', '--svg', file], folder);
    expect(stderr).toContain(what);
    expect(stderr).toContain(cure);
    expect(code).toBe(exit);
  });

  it('says where a picture cannot be written', async () => {
    mkdirSync(join(folder, 'taken.svg'), { recursive: true });
    const { code, stderr } = await rectio(['inspect', 'resnet20', '--svg', 'taken.svg'], folder);
    expect(stderr).toContain('Cannot write taken.svg: a folder of that name is in the way');
    expect(code).toBe(1);
  });

  it('measures gradients beside 1:1, as text, as JSON and in the picture', async () => {
    const args = ['inspect', 'plain20', '--ratio', '2:1', '--gradients', '--engine', 'reference'];
    const size = ['--size', '8', '--batch', '4', '--seeds', '2'];
    const { code, stdout } = await rectio([...args, ...size, '--svg', 'gradients.svg'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain('gradients at initial weights: one batch of 4 images of noise, 2 seeds, reference');
    expect(stdout).toMatch(/^1:1 +\d\.\d\d +\d\.\d\d to \d\.\d\d +1\.41 /m);
    expect(stdout).toMatch(/^2:1 .* 0\.90 /m);
    expect(stdout).toContain('Gradients before training: at 1:1 they grow');
    const picture = readFileSync(join(folder, 'gradients.svg'), 'utf8');
    expect(picture).toContain('plain20: gradients before training, through the depth');
    expect(picture).toContain('plain20 at 2:1');
    const json = await rectio([...args, ...size, '--json'], folder);
    const { gradients, totals } = JSON.parse(json.stdout) as { gradients: GradientReport; totals: object };
    expect(totals).toMatchObject({ convolutions: 19 });
    expect(gradients).toMatchObject({ model: 'plain20', batch: 4, data: 'noise', seeds: [0, 1] });
    expect(gradients.arms.map(({ ratio, layers }) => [ratio, layers.length])).toEqual([
      ['1:1', 19],
      ['2:1', 19],
    ]);
    expect(gradients.arms[0]!.decades!.mean).toBeGreaterThan(gradients.arms[1]!.decades!.mean);
  });

  it.each([
    ['--batch 8', '--batch is for --gradients'],
    ['--data mnist', '--data is for --gradients'],
    ['--engine reference', '--engine is for --gradients'],
    ['--gradients --data-dir data', '--data-dir is given without --data'],
    ['--gradients --data mnist --classes 5', '--classes is given, but the dataset'],
    ['--gradients --data mnist --size 16', '--size'],
    ['--gradients --seeds 0', "--seeds cannot be '0'"],
    ['--gradients --engine none', 'no engine named none'],
  ])('refuses %s', async (options, what) => {
    const { code, stderr } = await rectio(['inspect', 'resnet20', ...options.split(' ')], folder);
    expect(stderr).toContain(what);
    expect(code).toBe(2);
  });

  it('measures the gradients of a dataset of other images', async () => {
    writeTinyMnist(join(folder, 'gray'));
    const options = ['--data', 'mnist', '--data-dir', 'gray', '--batch', '4', '--seeds', '1', '--engine', 'reference'];
    const { stdout } = await rectio(['inspect', 'resnet20', '--gradients', '--json', ...options], folder);
    const { gradients, layers } = JSON.parse(stdout) as { gradients: GradientReport; layers: { shape: number[] }[] };
    expect(layers[0]!.shape).toEqual([1, 8, 8]);
    expect(gradients).toMatchObject({ data: 'mnist', arms: [{ ratio: '1:1' }] });
  });

  it('ends quietly where its reader goes away', async () => {
    const running = start(['inspect', 'preresnet164', '--json'], folder);
    running.closeOutput();
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('standard output that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('is said in one sentence, and the exit code is 1', () => {
    const full = openSync('/dev/full', 'w');
    const args = [entry, 'inspect', 'resnet20'];
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
    closeSync(full);
    expect(stderr).toMatch(/^rectio: Standard output cannot be written: .*ENOSPC.*\n$/);
    expect(status).toBe(1);
  });
});

describe('bench and doctor', () => {
  it('bench gives its figures as one JSON document', async () => {
    const args = ['--batch', '2', '--size', '8', '--steps', '3', '--warm-up', '0', '--engine', 'reference', '--json'];
    const { code, stdout, stderr } = await rectio(['bench', 'resnet20', ...args], folder);
    const document = JSON.parse(stdout) as { stepMs: { min: number; median: number; max: number } };
    expect(document).toEqual({
      model: 'resnet20',
      ratio: '1:1',
      batch: 2,
      threads: 1,
      engine: 'reference',
      mode: 'train',
      imagesPerSecond: expect.any(Number),
      stepMs: { min: expect.any(Number), median: expect.any(Number), max: expect.any(Number) },
      peakRssMb: expect.any(Number),
    });
    const { min, median, max } = document.stepMs;
    expect(min).toBeLessThanOrEqual(median);
    expect(median).toBeLessThanOrEqual(max);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('bench --against times two ratios in turn and compares times and memory', async () => {
    const args = [
      '--ratio',
      '2:1',
      '--against',
      '1:1',
      '--batch',
      '2',
      '--steps',
      '6',
      '--size',
      '8',
      '--engine',
      'reference',
      '--json',
    ];
    const { code, stdout } = await rectio(['bench', 'resnet20', ...args], folder);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { timeRatio: { median: number; interval: { low: number; high: number } } };
    expect(result).toMatchObject({ ratio: '2:1', against: { ratio: '1:1' }, memoryRatio: expect.any(Number) });
    expect(result.timeRatio.interval.low).toBeLessThanOrEqual(result.timeRatio.median);
    expect(result.timeRatio.median).toBeLessThanOrEqual(result.timeRatio.interval.high);
  });

  it('bench says what an engine that does not count cannot tell', async () => {
    const args = [
      '--batch',
      '1',
      '--size',
      '8',
      '--steps',
      '1',
      '--warm-up',
      '0',
      '--engine',
      'reference',
      '--profile',
    ];
    const { code, stderr } = await rectio(['bench', 'resnet20', ...args], folder);
    expect(stderr).toBe(
      'rectio: The reference engine does not count what its kernels cost.\n' +
        'Leave out --profile, or take --engine onednn.\n',
    );
    expect(code).toBe(2);
  });

  it('doctor says for every engine whether it works, or else what to do', async () => {
    const { code, stdout } = await rectio(['doctor', '--json'], folder);
    const { engines, node } = JSON.parse(stdout) as {
      node: string;
      engines: { name: string; works: boolean; hint: string | null }[];
    };
    expect(node).toBe(process.versions.node);
    expect(engines.map(({ name }) => name).toSorted()).toEqual(['onednn', 'reference']);
    for (const { works, hint } of engines) expect(hint === null).toBe(works);
    expect(code).toBe(engines.every(({ works }) => works) ? 0 : 1);
  });
});

describe('lists', () => {
  it('of datasets say which are here and how to get the others', async () => {
    const json = await rectio(['data', 'list', '--json'], folder);
    const datasets = JSON.parse(json.stdout) as { name: string; download: boolean; dir: string | null }[];
    expect(datasets).toContainEqual({ name: 'cifar10', download: true, dir: null });
    expect(datasets).toContainEqual({ name: 'synthetic', download: false, dir: null });
    const { code, stdout, stderr } = await rectio(['data', 'list'], folder);
    for (const { name } of datasets) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    expect(stdout).toMatch(/^cifar10 +npx rectio data get cifar10$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('of networks give what they cost as one JSON document', async () => {
    const { code, stdout, stderr } = await rectio(['models', 'resnet20', '--json'], folder);
    expect(JSON.parse(stdout)).toContainEqual({
      name: 'resnet20',
      parameters: 272_474,
      macs: 40_813_184,
      convolutions: 21,
      activations: 19,
      ratio: '1:1',
      input: [3, 32, 32],
      classes: 10,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('of networks can be narrowed to those like a pattern', async () => {
    const { stdout } = await rectio(['models', 'plain?4'], folder);
    expect(stdout).toMatch(/^plain44 +658,586 +97\.\d M +43 +43 +1:1 +3×32×32 +10$/m);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  });
});

describe('data get', () => {
  it('ends with exit code 1, the address and what to do where the file is not there', async () => {
    const server = createServer((_, response) => void response.writeHead(404).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const { code, stdout, stderr } = await rectio(['data', 'get', 'cifar10', '--mirror', mirror, '--json'], folder);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'download' } });
      expect(stderr).toContain(`${mirror}cifar-10-binary.tar.gz could not be downloaded: the server answered 404`);
      expect(stderr).toContain('--mirror');
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(1);
    } finally {
      server.close();
    }
  });
});

describe('train', () => {
  it('writes plain lines to a pipe, and a summary', async () => {
    const { code, stdout, stderr } = await rectio(train('--ratio', '2:1', '--epochs', '2', '--run', 'plain'), folder);
    expect(stdout).toMatch(/^resnet20 2:1: [\d,]+ parameters, 2 epochs of 2 steps$/m);
    expect(stdout).toMatch(/^epoch 2\/2 {2}train .* test .* images\/s/m);
    expect(stdout).toMatch(/^done in .*: test error \d+\.\d\d %/m);
    expect(stdout).toContain('weights and metrics: plain');
    expect(stdout).not.toContain(escape);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('prints one JSON document on standard output with --json, and everything else on standard error', async () => {
    const { code, stdout, stderr } = await rectio(train('--epochs', '1', '--run', 'json', '--json'), folder);
    const score = { loss: expect.any(Number), error: expect.any(Number) };
    expect(JSON.parse(stdout)).toEqual({
      run: 'json',
      model: 'resnet20',
      ratio: '1:1',
      epochs: 1,
      seed: 0,
      train: score,
      fit: score,
      validation: null,
      test: score,
      classes: expect.any(Array),
      wrong: null,
      warnings: expect.any(Array),
      epoch: 0,
      imagesPerSecond: expect.any(Number),
      evaluationImagesPerSecond: expect.any(Number),
      peakMemory: expect.any(Number),
      seconds: expect.any(Number),
      parameters: expect.any(Number),
      weights: null,
    });
    expect(stderr).toContain('epoch 1/1');
    expect(code).toBe(0);
  });

  it('takes settings from the record of another run, with options before them', async () => {
    const proportion = ['--ratio', 'layer1=1:1,stage2-3=2:1@10', '--drop', 'layer1.*.relu1'];
    await rectio(train('--epochs', '1', '--seed', '5', ...proportion, '--run', 'first'), folder);
    const args = ['train', '--config', 'first/config.json', '--engine', 'reference', '--run', 'second', '--json'];
    const same = await rectio(args, folder);
    expect(JSON.parse(same.stdout)).toMatchObject({
      model: 'resnet20',
      ratio: 'layer1=1:1,stage2-3=2:1@10 without layer1.*.relu1',
      seed: 5,
      epochs: 1,
    });
    const [first, second] = ['first', 'second'].map((run) => readFileSync(join(folder, run, 'model.safetensors')));
    expect(first!.equals(second!)).toBe(true);
  });

  describe('asked to stop', () => {
    const epochs = ['--epochs', '4', '--ratio', 'stage1=2:1', '--drop', 'layer3.*'];
    beforeAll(() => rectio(train(...epochs, '--run', 'straight'), folder));

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGUSR1', 138],
      ['SIGHUP', 129],
    ] as const)(
      'by %s, writes a checkpoint, ends with exit code %i, and goes on to the same bits',
      async (signal, expected) => {
        const run = `stopped-${signal}`;
        const running = start(train(...epochs, '--run', run), folder);
        await running.said('epoch 1/4');
        running.kill(signal);
        const { code, stderr } = await running.ended;
        expect(stderr).toContain(`${signal}: finishing the step`);
        expect(stderr).toContain(`rectio train --resume ${run}`);
        expect(code).toBe(expected);

        const resumed = await rectio(['train', '--resume', run], folder);
        expect(resumed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('going on from step') });
        const [a, b] = [run, 'straight'].map((name) => readFileSync(join(folder, name, 'model.safetensors')));
        expect(a!.equals(b!)).toBe(true);
      },
    );
  });

  it('stops at once at a second Ctrl-C', async () => {
    writeTinyMnist(join(folder, 'large'), { train: 1024, test: 16 });
    // One step takes many seconds: only stopping at once can end this soon.
    const running = start(train('--data-dir', 'large', '--batch', '1024', '--epochs', '1', '--run', 'twice'), folder);
    await running.said('run folder: twice');
    running.kill('SIGINT');
    await running.said('once more stops at once');
    const before = performance.now();
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(performance.now() - before).toBeLessThan(4_000);
  });

  it('stops with a checkpoint where the reader of its output goes away', async () => {
    const running = start(train('--epochs', '100', '--run', 'unread'), folder);
    await running.said('epoch   1/100');
    running.closeOutput();
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('rectio train --resume unread');
    expect(code).toBe(141);
  });

  it('refuses a folder that holds a run already', async () => {
    const args = train('--epochs', '1', '--run', 'kept');
    await rectio(args, folder);
    const before = readFileSync(join(folder, 'kept', 'config.json'), 'utf8');
    const { code, stderr } = await rectio(args, folder);
    expect(stderr).toContain('kept is not empty');
    expect(code).toBe(2);
    expect(readFileSync(join(folder, 'kept', 'config.json'), 'utf8')).toBe(before);
  });
});

describe('weights of others', () => {
  const file = 'weights.safetensors';
  beforeAll(async () => {
    await rectio(train('--epochs', '1', '--run', 'teacher'), folder);
    await rectio(['export', 'teacher', '--output', file], folder);
  });

  it('come out of a run, once', async () => {
    const first = await rectio(['export', 'teacher'], folder);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^resnet20 1:1: 107 tensors, [\d,]+ values\nwritten to: teacher\.safetensors\n$/);
    const again = await rectio(['export', 'teacher', '--json'], folder);
    expect(again.stderr).toContain('teacher.safetensors is there already');
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'usage' } });
    expect(again.code).toBe(2);
    const json = await rectio(['export', 'teacher', '--output', 'second.safetensors', '--json'], folder);
    expect(JSON.parse(json.stdout)).toEqual({
      format: 'safetensors',
      run: 'teacher',
      output: 'second.safetensors',
      model: 'resnet20',
      ratio: '1:1',
      tensors: 107,
      values: expect.any(Number),
    });
  });

  it('cannot come out of what is no run', async () => {
    const { code, stderr } = await rectio(['export', 'data'], folder);
    expect(stderr).toContain('data is no run: there is no config.json in it.');
    expect(code).toBe(1);
  });

  it('begin a training at another ratio, which needs their file no more once it has begun', async () => {
    const args = train('--weights', file, '--ratio', '2:1', '--epochs', '2', '--run');
    const straight = await rectio([...args, 'pupil', '--json'], folder);
    expect(straight.stderr).toMatch(/^weights: 107 entries from weights\.safetensors \(SHA-256 [0-9a-f]{12}…\)$/m);
    expect(JSON.parse(straight.stdout)).toMatchObject({
      weights: {
        file,
        sha256: expect.any(String),
        loaded: 107,
        missing: [],
        unexpected: [],
        reshaped: [],
        newHead: false,
      },
    });

    const running = start([...args, 'stopped-pupil'], folder);
    await running.said('run folder: stopped-pupil');
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(143);
    renameSync(join(folder, file), join(folder, 'elsewhere.safetensors'));
    const resumed = await rectio(['train', '--resume', 'stopped-pupil'], folder);
    renameSync(join(folder, 'elsewhere.safetensors'), join(folder, file));
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    const [a, b] = ['pupil', 'stopped-pupil'].map((run) => readFileSync(join(folder, run, 'model.safetensors')));
    expect(a!.equals(b!)).toBe(true);
  });

  it('are refused, before anything is opened, where their file is not there or broken', async () => {
    writeFileSync(join(folder, 'broken.safetensors'), 'PK not this format at all');
    for (const [name, what] of [
      ['absent.safetensors', 'absent.safetensors is not there.'],
      ['broken.safetensors', 'broken.safetensors announces a header of'],
    ] as const) {
      const { code, stderr } = await rectio(train('--data-dir', 'nowhere', '--weights', name), folder);
      expect(stderr).toContain(what);
      expect(code).toBe(1);
    }
  });

  it('are refused for another network, unless what fits is asked for', async () => {
    const args = ['train', 'resnet32', ...tiny, '--epochs', '1', '--weights', file];
    const refused = await rectio([...args, '--run', 'misfit'], folder);
    expect(refused.stderr).toMatch(/holds weights of another network than resnet32: 60 missing in the file: layer1\.3/);
    expect(refused.stderr).toContain('--weights-partial');
    expect(refused.code).toBe(1);
    expect(existsSync(join(folder, 'misfit'))).toBe(false);
    const taken = await rectio([...args, '--weights-partial', '--run', 'fit'], folder);
    expect(taken.stdout).toMatch(/^weights: 107 entries from .*\n60 missing in the file: layer1\.3\..* and 56 more$/m);
    expect(taken.code).toBe(0);
  });
});

describe('demo', () => {
  it('leaves nothing behind when it is stopped', async () => {
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    const running = start(['demo', '--engine', 'reference'], folder, { TMPDIR: temporary });
    await running.said('resnet20 1:1: 272,474 parameters');
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('SIGINT: stopping; nothing is kept.');
    expect(code).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
