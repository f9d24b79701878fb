import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import { build } from '../cli/testing/rectio.js';
import { graphBuilder, graphToJson, type Graph } from '../graph/index.js';
import { spoilJson, spoilText } from '../testing/mutate.js';
import { isNetworkFile, openNetworkFile, type NetworkOptions } from './index.js';

let folder = '';
beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), 'rectio-network-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file and returns its path. */
function file(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function networkOf(path: string, options?: Partial<NetworkOptions>, signal?: AbortSignal): Promise<Graph> {
  const opened = await openNetworkFile(path, signal);
  try {
    return await opened.network(options);
  } finally {
    await opened.close();
  }
}

/** The error from opening the file and making its network. */
async function refusal(path: string, options?: Partial<NetworkOptions>): Promise<RectioError> {
  const error: unknown = await networkOf(path, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RectioError) return error;
  throw error ?? new Error(`${path} returned a network.`);
}

const head = [
  "import { graphBuilder, type NetworkOptions } from 'rectio';",
  'export function network({ classes, inputShape }: NetworkOptions) {',
  "  const net = graphBuilder('mine', inputShape);",
];
const tail = [
  "  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', x)), { outFeatures: classes });",
  '  return net.build();',
  '}',
];
const convolution = "  const x = net.convolution('conv', net.input, { outChannels: 4, kernel: 3 });";

function tiny(classes = 10, size = 32): Graph {
  const net = graphBuilder('tiny', [3, size, size]);
  net.linear('fc', net.flatten('flatten', net.globalAveragePool('pool', net.input)), { outFeatures: classes });
  return net.build();
}

describe('a path', () => {
  it.each(['./mynet.ts', 'mynet.ts', 'nets/a', '.\\a', 'a.json', 'a.py'])('is %s', (name) => {
    expect(isNetworkFile(name)).toBe(true);
  });
  it.each(['resnet20', 'wide_resnet50_2', 'resnext50_32x4d'])('is not %s', (name) => {
    expect(isNetworkFile(name)).toBe(false);
  });
});

describe('a TypeScript or JavaScript file', () => {
  it('receives classes and shape, and can import Rectio from any folder', async () => {
    const graph = await networkOf(file('mine.ts', ...head, convolution, ...tail), {
      classes: 7,
      inputShape: [1, 8, 8],
    });
    expect(graph.name).toBe('mine');
    expect(graph.nodes[0]!.op).toEqual({ kind: 'input', shape: [1, 8, 8] });
    expect(graph.nodes.at(-1)!.op).toEqual({ kind: 'linear', outFeatures: 7, bias: true });
  });

  it('may await, import with either extension, use the default export, or export a finished network', async () => {
    file('width.ts', 'export const width: number = 6;');
    const waiting = file(
      'waiting.mts',
      "import { width } from './width.js';",
      "import { width as same } from './width.ts';",
      'await Promise.resolve();',
      ...head.map((line) => line.replace('export function network', 'export default async function')),
      '  await new Promise((resolve) => setTimeout(resolve, 5));',
      "  const x = net.convolution('conv', net.input, { outChannels: width + same, kernel: 3 });",
      ...tail,
    );
    expect((await networkOf(waiting)).nodes[1]!.op).toMatchObject({ outChannels: 12 });
    const finished = file(
      'finished.js',
      "import { createModel } from 'rectio';",
      "export const network = createModel('resnet20');",
    );
    expect((await networkOf(finished)).name).toBe('resnet20');
  });

  it.each<readonly [string, string, readonly string[], string, string]>([
    [
      'an option that does not exist',
      'option.ts',
      [...head, convolution.replace('kernel', 'kernl'), ...tail],
      ":4:17: Node conv (convolution): there is no attribute 'kernl'",
      'kernel',
    ],
    [
      'a wrong value',
      'value.ts',
      [...head, convolution.replace('4', '0'), ...tail],
      ':4:17: Node conv (convolution): outChannels is 0',
      'at least 1',
    ],
    [
      'a call that does not exist',
      'call.ts',
      [...head, convolution.replace('convolution', 'convolutoin'), ...tail],
      ':4:17: TypeError: net.convolutoin is not a function',
      'Did you mean convolution?',
    ],
    ['a syntax error', 'syntax.ts', [...head, convolution.replace(')', ''), ...tail], ":4:77: Expected ','", 'syntax'],
    [
      'a syntax error in JavaScript',
      'syntax.js',
      ['export const network = (;'],
      ':1:25: Expression expected',
      'syntax',
    ],
    [
      'TypeScript that is more than types',
      'enum.ts',
      ['', 'enum Width { small }'],
      ':2:1: TypeScript enum',
      'plain JavaScript',
    ],
    [
      'a name that Rectio does not export',
      'import.ts',
      ["import { graphBuildr } from 'rectio';"],
      ":1: rectio has no 'graphBuildr'",
      'Did you mean graphBuilder?',
    ],
    [
      'a package that is not there',
      'package.ts',
      ['', "import 'no-such-package-here';"],
      ":2: there is no package 'no-such-package-here'",
      'npm install',
    ],
    [
      'a module that is not there',
      'module.ts',
      ['', '', "import './no-such-module.js';"],
      ':3: there is no module ',
      'path',
    ],
    ['CommonJS', 'common.js', ['module.exports = {};'], ':1:1: module is not defined', 'ES module'],
    [
      'no export of a network',
      'export.ts',
      ['export const netwrk = 1;'],
      ': it exports netwrk, but no network',
      'export function network',
    ],
    ['no export at all', 'none.ts', [''], ': it exports nothing', 'export function network'],
    [
      'a function that returns nothing',
      'nothing.ts',
      ['export function network() {}'],
      ': network returned nothing',
      'return net.build()',
    ],
    [
      'a builder whose network was not built',
      'builder.ts',
      [...head, '  return net;', '}'],
      ': network returned the builder',
      'return net.build()',
    ],
    [
      'an object that is not a network',
      'hand.ts',
      ["export const network = { name: 'x', nodes: [{ name: 'a' }] };"],
      ': Node a: its op is missing',
      'object',
    ],
    ['an error of its own', 'throws.ts', ['', "throw new Error('boom');"], ':2:7: Error: boom', 'RECTIO_DEBUG=1'],
    [
      'an error that comes later',
      'late.ts',
      [
        'export function network() {',
        "  setTimeout(() => { throw new Error('late'); });",
        '  return new Promise(() => {});',
        '}',
      ],
      ':2:28: Error: late',
      'RECTIO_DEBUG=1',
    ],
    ['a thrown value that is not an Error', 'text.ts', ["throw 'text';"], ': threw text', 'Throw an Error'],
    ['an end without a network', 'exit.ts', ['process.exit(0);'], ' ended without giving a network', 'process.exit'],
    [
      'a promise that never resolves',
      'never.ts',
      ['export const network = () => new Promise(() => {});'],
      ' ended without giving a network',
      'await',
    ],
  ])('is refused for %s', async (_, name, lines, message, hint) => {
    const path = file(name, ...lines);
    const error = await refusal(path);
    expect(error.message).toContain(`${path}${message}`);
    expect(error.hint).toContain(hint);
    expect(error.code).toBe('graph');
  });

  it('is refused if its network does not fit the data', async () => {
    const ignores = file(
      'ignores.ts',
      "import { createModel } from 'rectio';",
      "export const network = () => createModel('resnet20');",
    );
    expect((await refusal(ignores, { classes: 5 })).message).toContain('has 10 classes, but the data has 5');
    expect((await refusal(ignores, { inputShape: [3, 64, 64] })).message).toContain(
      'images of 3×32×32, but the data has 3×64×64',
    );
    const open = file('open.ts', ...head, "  net.relu('relu', net.input);", ...tail.slice(1));
    expect((await refusal(open)).message).toContain('ends with node relu, which gives 3×32×32');
  });

  it('is stopped by the signal, whatever it is doing', async () => {
    const path = file('forever.ts', 'export function network() { for (;;); }');
    const stopping = new AbortController();
    const opened = await openNetworkFile(path, stopping.signal);
    const asked = opened.network();
    setTimeout(() => stopping.abort(), 50);
    await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
    await opened.close();
  });
});

describe('a network in JSON', () => {
  it('is read as it was written', async () => {
    const path = file('net.json', JSON.stringify(graphToJson(tiny())));
    expect(await networkOf(path, { classes: 10, inputShape: [3, 32, 32] })).toEqual(tiny());
    const opened = await openNetworkFile(path);
    expect(opened.defaults).toEqual({ classes: 10, inputShape: [3, 32, 32] });
  });

  it('is refused if it does not fit the data', async () => {
    const path = file('fixed.json', JSON.stringify(graphToJson(tiny())));
    const classes = await refusal(path, { classes: 5 });
    expect(classes.message).toBe(`${path}: the network has 10 classes, but the data has 5`);
    expect(classes.hint).toContain('`saveGraph`');
    expect((await refusal(path, { inputShape: [1, 32, 32] })).message).toContain('3×32×32, but the data has 1×32×32');
  });

  it('is refused with the position of the syntax error, or the invalid node', async () => {
    const broken = file('broken.json', '{', ' "format": "rectio-graph",', ' "version" 1', '}');
    expect((await refusal(broken)).message).toContain(`${broken}:3:12 is not JSON`);
    expect((await refusal(file('other.json', '{"name": "x"}'))).message).toContain('not a network in a JSON format');
    const json = JSON.stringify(graphToJson(tiny())).replace('"outFeatures":10', '"outFeatures":"ten"');
    expect((await refusal(file('node.json', json))).message).toContain("Node fc (linear): outFeatures is 'ten'");
  });

  it('is refused before parsing if it is deeper or longer than any network', async () => {
    const deep = file('deep.json', '['.repeat(1e6));
    expect((await refusal(deep)).message).toContain(`${deep}: At character 17 more than 16 lists`);
    expect((await refusal(file('long.json', ' '.repeat(2 ** 25)))).message).toContain('too long for a network');
  });

  it('is read, or refused in one sentence that names it, whatever was corrupted', async () => {
    const stream = randomStream(77);
    const json: unknown = graphToJson(tiny());
    const text = JSON.stringify(json);
    for (let round = 0; round < 200; round++) {
      const spoiled = round % 2 === 0 ? spoilText(text, stream) : JSON.stringify(spoilJson(json, stream));
      const path = file('spoiled.json', spoiled);
      const error: unknown = await networkOf(path).catch((reason: unknown) => reason);
      if (!(error instanceof Error)) continue;
      expect(error).toMatchObject({ code: 'graph', message: expect.stringMatching(/^\P{C}{10,500}$/u) });
      expect(error.message.split(path)).toHaveLength(2);
    }
  });
});

describe('a path that is not a network file', () => {
  it.each([
    ['absent', 'mine.tx', 'There is no file', 'Did you mean'],
    ['a folder', 'folder', 'is a folder', 'folder/inside.ts'],
    ['of another kind', 'readme.md', 'its extension is .md', '.ts, .mts, .js, .mjs, .json'],
  ])('%s', async (_, name, message, hint) => {
    mkdirSync(join(folder, 'folder'), { recursive: true });
    file('folder/inside.ts', '');
    file('readme.md', '');
    file('mine.ts', '');
    const error = await refusal(join(folder, name));
    expect(error.message).toContain(join(folder, name));
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(error.code).toBe('usage');
  });
});
