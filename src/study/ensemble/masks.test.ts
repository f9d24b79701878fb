import { describe, expect, it } from 'vitest';

import { graphBuilder, type Graph } from '../../graph/index.js';
import { applyRatio } from '../../proportion/index.js';
import { failure } from '../../testing/failure.js';
import { tinyGraph } from '../../train/testing/tiny.js';
import { createModel } from '../../zoo/index.js';
import { drawMask, leakySites, maskedGraph, siteParts } from './masks.js';

const leaky = (graph: Graph, leak: number): Graph => applyRatio(graph, { drop: ['*'], leak, stem: true }).graph;
const network = leaky(createModel('resnet20'), 0.25);
const sites = leakySites(network);

describe('masks of a leaky network', () => {
  it('have its leaky sites and no others', () => {
    expect(sites).toHaveLength(19);
    expect(new Set(sites.map(({ slope }) => slope))).toEqual(new Set([0.25]));
    const some = applyRatio(createModel('resnet20'), { ratio: '2:1', leak: 0.5 }).graph;
    expect(leakySites(some).map(({ name }) => name)).toContain('layer1.0.relu1');
    expect(leakySites(some)).toHaveLength(9);
  });

  it('are the identity as often as the slope says', () => {
    const kept = Array.from({ length: 400 }, (_, index) => [...drawMask(sites, 3, index).values()]).flat();
    const share = kept.filter(Boolean).length / kept.length;
    // Four standard deviations of 7600 draws.
    expect(Math.abs(share - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / kept.length));
  });

  it('are the same for the same seed, and others for another seed or place', () => {
    expect(drawMask(sites, 1, 2)).toEqual(drawMask(sites, 1, 2));
    expect(drawMask(sites, 1, 2)).not.toEqual(drawMask(sites, 2, 2));
    expect(drawMask(sites, 1, 2)).not.toEqual(drawMask(sites, 1, 3));
  });

  it('change the sites of a part, and leave the others leaky', () => {
    const part = siteParts(sites).find(({ name }) => name === 'layer2')!;
    const mask = drawMask(sites, 0, 0);
    const masked = new Map(maskedGraph(network, mask, part).nodes.map(({ name, op }) => [name, op.kind]));
    for (const { name, stage } of sites) {
      const expected = stage === 'layer2' ? (mask.get(name) === true ? 'relu' : 'identity') : 'leakyRelu';
      expect([name, masked.get(name)]).toEqual([name, expected]);
    }
  });

  it('are ReLUs alone at slope 0, and nothing at slope 1', () => {
    expect([...drawMask(leakySites(leaky(tinyGraph(), 0)), 0, 0).values()]).toEqual([true, true]);
    expect([...drawMask(leakySites(leaky(tinyGraph(), 1)), 0, 0).values()]).toEqual([false, false]);
  });
});

describe('parts', () => {
  it('are all sites, then each stage with the stem', () => {
    expect(siteParts(sites).map((part) => [part.name, part.sites.length])).toEqual([
      ['all', 19],
      ['stem', 1],
      ['layer1', 6],
      ['layer2', 6],
      ['layer3', 6],
    ]);
  });

  it('are thirds without stages, none of them empty', () => {
    const chain = Array.from(
      { length: 7 },
      (_, index) => ({ name: `relu${index}`, part: 'body', slope: 0.1 }) as const,
    );
    expect(siteParts(chain).map((part) => part.sites.length)).toEqual([7, 2, 3, 2]);
    expect(siteParts(chain.slice(0, 2)).map(({ name }) => name)).toEqual(['all', 'first third', 'last third']);
    expect(siteParts(chain.slice(0, 1)).map(({ name }) => name)).toEqual(['all']);
  });
});

describe('a network that is no mixture', () => {
  it('is refused without leaky sites, with what to train', () => {
    const { code, message, hint } = failure(() => leakySites(createModel('resnet20')));
    expect(code).toBe('usage');
    expect(message).toContain('no leaky ReLU');
    expect(hint).toContain('`ratio.leak: 0.24`');
  });

  it('is refused with a slope above 1', () => {
    const net = graphBuilder('steep', [1, 4, 4]);
    const x = net.leakyRelu('act', net.convolution('conv', net.input, { outChannels: 2, kernel: 3 }), { slope: 1.5 });
    net.linear('fc', net.flatten('flatten', x), { outFeatures: 2 });
    expect(failure(() => leakySites(net.build())).message).toContain('slope 1.5');
  });
});
