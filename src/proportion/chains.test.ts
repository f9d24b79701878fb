import { describe, expect, it } from 'vitest';
import { graphBuilder, type GraphBuilder, type Value } from '../graph/index.js';
import { findChains } from './chains.js';
import { segmentRules, type Scope } from './segments.js';
import { findSites } from './sites.js';

/** A convolution and its ReLU. */
const unit = (net: GraphBuilder, name: string, x: Value) =>
  net.relu(name, net.convolution(`conv${name}`, x, { outChannels: 4, kernel: 1 }));

/** Each segment as its chains, written `place: sites`. */
function chainsOf(build: (net: GraphBuilder) => void, scope: Scope = 'network') {
  const net = graphBuilder('net', [4, 8, 8]);
  build(net);
  const graph = net.build();
  const sites = new Set(findSites(graph).map(({ name }) => name));
  return findChains(graph, sites, segmentRules[scope]).map((chains) =>
    chains.map(({ place, sites: own }) => `${place}: ${own.map((name) => name.split('.').at(-1)).join(' ')}`),
  );
}

describe('a segment without parallel paths is a single chain', () => {
  it('if its units follow one another', () => {
    expect(chainsOf((net) => void unit(net, 'b', unit(net, 'a', net.input)))).toEqual([['0: a b']]);
  });

  it('if it has shortcuts and dense connections', () => {
    const build = (net: GraphBuilder) => {
      const a = unit(net, 'a', net.input);
      const sum = net.add('sum', a, unit(net, 'c', unit(net, 'b', a)));
      const all = net.concat('all', a, sum, unit(net, 'd', sum));
      unit(net, 'e', net.concat('both', all, a));
    };
    expect(chainsOf(build)).toEqual([['0: a b c d e']]);
  });
});

describe('a chain ends', () => {
  it('where paths part, and each branch is a chain', () => {
    const build = (net: GraphBuilder) => {
      const a = unit(net, 'a', net.input);
      net.concat('join', unit(net, 'b', a), unit(net, 'd', unit(net, 'c', a)), a);
    };
    expect(chainsOf(build)).toEqual([['0: a', '1: b', '1: c d']]);
  });

  it('where paths meet, unless one is longest: it goes on', () => {
    const build = (lengths: readonly number[]) => (net: GraphBuilder) => {
      const branches = lengths.map((length, branch) => {
        let x: Value = net.input;
        for (let index = 0; index < length; index++) x = unit(net, `${'abc'[branch]}${index}`, x);
        return x;
      });
      unit(net, 'last', unit(net, 'next', net.concat('join', ...branches)));
    };
    expect(chainsOf(build([2, 2, 1]))).toEqual([['0: a0 a1', '0: b0 b1', '0: c0', '2: next last']]);
    expect(chainsOf(build([1, 3, 2]))).toEqual([['0: a0', '0: b0 b1 b2 next last', '0: c0 c1']]);
  });

  it('where a segment ends', () => {
    const build = (net: GraphBuilder) => {
      let x: Value = net.input;
      for (const stage of ['one', 'two']) x = net.stage(stage, () => unit(net, 'b', unit(net, 'a', x)));
    };
    expect(chainsOf(build)).toEqual([['0: a b a b']]);
    expect(chainsOf(build, 'stage')).toEqual([['0: a b'], ['0: a b']]);
  });
});

describe('a segment', () => {
  it('is one for branches that part before it and meet behind it', () => {
    const build = (net: GraphBuilder) => {
      const [left, right] = net.stage('stage', () => [unit(net, 'a', net.input), unit(net, 'b', net.input)] as const);
      net.concat('join', left, right);
    };
    expect(chainsOf(build, 'stage')).toEqual([['0: a', '0: b']]);
  });
});
