import { describe, expect, it } from 'vitest';
import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import { createModel, modelNames } from '../zoo/index.js';
import { checkGraphText, graphBuilder, graphFromJson, graphToJson, verifyGraph } from './index.js';

const net = graphBuilder('small', [4, 8, 8]);
const block = net.stage('layer1', () =>
  net.block('0', () => net.convolution('conv', net.input, { outChannels: 4, kernel: 3 })),
);
net.head(() => net.dropout('drop', net.relu('relu', block)));
const small = net.build();

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const jsonOf = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** The small network as JSON with the value at `path` replaced (removed, if undefined). */
function changed(path: readonly (string | number)[], value: Json | undefined): Json {
  const json = jsonOf(graphToJson(small));
  let parent = json as { [key: string]: Json };
  for (const key of path.slice(0, -1)) parent = parent[key] as { [key: string]: Json };
  const last = String(path.at(-1));
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return json;
}

function failure(json: unknown): RectioError {
  try {
    graphFromJson(json);
  } catch (error) {
    if (error instanceof RectioError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('a graph through JSON', () => {
  it.each(modelNames)('comes back equal: %s', (name) => {
    const graph = createModel(name);
    expect(graphFromJson(JSON.parse(JSON.stringify(graphToJson(graph))))).toEqual(graph);
  });

  it('shares nothing with what was read', () => {
    const json = jsonOf(graphToJson(small));
    const graph = graphFromJson(json);
    const before = JSON.stringify(graph);
    (json as { nodes: { op: { shape: number[] } }[] }).nodes[0]!.op.shape[0] = 99;
    expect(JSON.stringify(graph)).toBe(before);
  });
});

describe('JSON that is no graph is refused, naming the node, what is wrong and what is valid', () => {
  it.each<[string, readonly (string | number)[], Json | undefined, string, string]>([
    ['another format', ['format'], 'onnx', "'onnx'", 'rectio-graph'],
    ['a later version', ['version'], 2, 'version 2', 'version 1'],
    ['an unknown field', ['node'], [], "'node'", 'nodes'],
    ['no name', ['name'], undefined, 'missing', 'text'],
    ['no list of nodes', ['nodes'], {}, '{}', 'list'],
    ['no nodes', ['nodes'], [], 'first node is missing', 'input'],
    ['a node that is none', ['nodes', 1], 7, 'Node number 2 is 7', 'object'],
    ['a node without a name', ['nodes', 1, 'name'], '', 'Node number 2', 'text'],
    ['an unknown field of a node', ['nodes', 1, 'input'], [], "'input'", 'inputs'],
    ['no op', ['nodes', 1, 'op'], null, 'layer1.0.conv', 'object'],
    ['an unknown op', ['nodes', 1, 'op', 'kind'], 'convolutoin', "'convolutoin'", 'convolution'],
    ['an op named like a property', ['nodes', 1, 'op', 'kind'], 'toString', "'toString'", 'Valid are'],
    ['an op without a kind', ['nodes', 1, 'op', 'kind'], undefined, 'layer1.0.conv', 'Valid are'],
    ['an unknown attribute', ['nodes', 1, 'op', 'strides'], [1, 1], "'strides'", 'stride'],
    ['an attribute where there are none', ['nodes', 2, 'op', 'slope'], 0.1, "'slope'", 'no attributes'],
    ['a missing attribute', ['nodes', 1, 'op', 'groups'], undefined, 'groups is missing', 'integer'],
    ['a text for a number', ['nodes', 1, 'op', 'groups'], '1', "groups is '1'", 'integer'],
    ['a single number for a pair', ['nodes', 1, 'op', 'kernel'], 3, 'kernel is 3', '[height, width]'],
    ['three numbers for a pair', ['nodes', 1, 'op', 'kernel'], [3, 3, 3], '[3,3,3]', '[height, width]'],
    ['negative padding', ['nodes', 1, 'op', 'padding'], [-1, 0], '[-1,0]', 'at least 0'],
    ['a number where true or false stands', ['nodes', 1, 'op', 'bias'], 1, 'bias is 1', 'true or false'],
    ['a rate out of range', ['nodes', 3, 'op', 'rate'], 1, 'rate is 1', 'below 1'],
    ['inputs that are no list', ['nodes', 1, 'inputs'], 'input', "'input'", 'list'],
    ['an input that is no name', ['nodes', 1, 'inputs'], [0], 'is 0', 'text'],
    ['an input that is no node', ['nodes', 1, 'inputs'], ['inputs'], "'inputs' is not an earlier node", 'mean input?'],
    ['no place', ['nodes', 1, 'place'], undefined, 'missing', 'object'],
    ['an unknown role', ['nodes', 3, 'place', 'role'], 'heat', "'heat'", 'head'],
    ['a stage that is no text', ['nodes', 1, 'place', 'stage'], 1, 'its stage is 1', 'text'],
    ['an unknown field of a place', ['nodes', 1, 'place', 'blok'], 'x', "'blok'", 'block'],
  ])('%s', (_, path, value, found, valid) => {
    const error = failure(changed(path, value));
    expect(error.code).toBe('graph');
    expect(error.message).toContain(found);
    expect(error.hint).toContain(valid);
  });

  it.each([undefined, null, 1, 'resnet20', [], [[]], {}])('%j', (json) => {
    expect(failure(json).code).toBe('graph');
  });

  it('whatever is in it: either a sound graph comes out or a RectioError', () => {
    const values: Json[] = [null, true, 0, -1, 1.5, 1e300, '', 'relu', 'input', [], [1], [1, 1], {}, { kind: 'relu' }];
    const paths: (string | number)[][] = [];
    const walk = (json: Json, path: (string | number)[]): void => {
      if (path.length > 0) paths.push(path);
      if (typeof json !== 'object' || json === null) return;
      for (const [key, child] of Object.entries(json)) walk(child, [...path, key]);
    };
    walk(jsonOf(graphToJson(small)), []);
    const stream = randomStream(11);
    let refused = 0;
    for (let round = 0; round < 600; round++) {
      const path = paths[stream.below(paths.length)]!;
      try {
        verifyGraph(graphFromJson(changed(path, values[stream.below(values.length)]!)));
      } catch (error) {
        if (!(error instanceof RectioError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBeLessThan(600);
  });
});

describe('JSON that is too much for a network is refused', () => {
  const node = (index: number, name = `n${index}`) => ({
    name,
    op: { kind: 'relu' },
    inputs: [index === 0 ? 'input' : `n${index - 1}`],
    place: {},
  });
  const input = { name: 'input', op: { kind: 'input', shape: [4, 8, 8] }, inputs: [], place: {} };
  const file = (...nodes: unknown[]) => ({ format: 'rectio-graph', version: 1, name: 'x', nodes: [input, ...nodes] });
  const conv = (name: string, from: string, outChannels: number, kernel: number) => ({
    name,
    op: {
      kind: 'convolution',
      outChannels,
      kernel: [kernel, kernel],
      stride: [1, 1],
      padding: [kernel, kernel],
      dilation: [1, 1],
      groups: 1,
      bias: false,
    },
    inputs: [from],
    place: {},
  });

  it.each<[string, unknown, string]>([
    ['nodes', file(...Array.from({ length: 20_001 }, (_, index) => node(index))), 'its nodes are 20002'],
    ['inputs', file({ ...node(0), inputs: Array.from({ length: 1001 }, () => 'input') }), 'its inputs are 1001'],
    ['characters in a name', file(node(0, 'x'.repeat(201))), 'is not a valid name for a node'],
    ['characters in its name', { ...file(), name: 'x'.repeat(201) }, 'is not a valid name for a network'],
    ['of a rank', file({ ...node(0), op: { kind: 'input', shape: [1, 1, 1, 1] } }), 'shape is [1,1,1,1]'],
    ['values in a tensor', file(conv('c', 'input', 2 ** 20, 100)), 'larger than an engine can address'],
    [
      'values in its parameters',
      file(
        ...Array.from({ length: 80 }, (_, index) =>
          conv(`c${index}`, index === 0 ? 'input' : `c${index - 1}`, 8000, 1),
        ),
      ),
      'values in all, more than a machine can train',
    ],
    [
      'values in its outputs',
      file(
        conv('c', 'input', 2 ** 20, 10),
        ...Array.from({ length: 20 }, (_, i) => ({ ...node(i + 1), inputs: [i === 0 ? 'c' : `n${i}`] })),
      ),
      "its nodes' outputs hold",
    ],
  ])('in %s', (_, json, what) => {
    expect(failure(json).message).toContain(what);
  });

  it('in a single value that a message would have to show', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    for (const value of [deep, { toString: 1 }, 'x'.repeat(1e6), '\u001b[2J'] as Json[]) {
      for (const path of [
        ['format'],
        ['nodes', 1, 'op', 'kind'],
        ['nodes', 1, 'op', 'groups'],
        ['nodes', 3, 'place', 'role'],
      ]) {
        const error = failure(changed(path, value));
        expect(error.message).not.toMatch(/\p{C}/u);
        expect(error.message.length).toBeLessThan(300);
      }
    }
  });

  it('in length and depth before it is parsed', () => {
    const zoo = JSON.stringify(graphToJson(createModel('resnet20')));
    expect(() => checkGraphText(zoo)).not.toThrow();
    expect(() => checkGraphText(`"${'['.repeat(50)}\\"${'{'.repeat(50)}"`)).not.toThrow();
    expect(() => checkGraphText('['.repeat(17))).toThrow('At character 17 more than 16 lists');
    expect(() => checkGraphText(' '.repeat(2 ** 25 + 1))).toThrow('too long for a network');
  });
});

describe('nodes that stand before what they need', () => {
  it.each([
    ['in a circle', ['relu'], "its input 'relu' is not an earlier node"],
    ['ahead', ['drop'], "its input 'drop' is not an earlier node"],
  ])('%s are refused', (_, inputs, what) => {
    expect(failure(changed(['nodes', 2, 'inputs'], inputs)).message).toContain(what);
  });

  it('under one name are refused', () => {
    expect(failure(changed(['nodes', 3, 'name'], 'relu')).message).toContain('Node relu appears twice');
  });
});
