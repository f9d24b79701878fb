import { describe, expect, it } from 'vitest';
import { RectioError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import { graphBuilder, graphParameters, inferShapes, verifyGraph, type Graph } from '../graph/index.js';
import { inspectGraph } from '../inspect/index.js';
import { createModel, modelNames } from '../zoo/index.js';
import { failure } from '../testing/failure.js';
import { applyRatio, findSites, parseRatio, scopes, type ProportionReport, type Scope, type Site } from './index.js';

const ratios = ['2:1', '3:1', '3:2', '4:1', '4:3', '5:2', '5:3', '6:5', '7:2', '4:2'];
const bodySites = (graph: Graph): Site[] => findSites(graph).filter((site) => site.part === 'body');

/** How many sites each segment of a scope has, counted independently of the rewrite. */
function segmentSizes(sites: readonly Site[], scope: Scope): number[] {
  const sizes = new Map<string, number>();
  for (const site of sites) {
    const segment = scope === 'network' ? 'all' : (site[scope] ?? 'none');
    sizes.set(segment, (sizes.get(segment) ?? 0) + 1);
  }
  return [...sizes.values()];
}

/** Every rewrite among the given ones that the network can have, and why the others are refused. */
function rewrites(baseline: Graph): { ratio: string; scope: Scope; graph: Graph; report: ProportionReport }[] {
  return scopes.flatMap((scope) =>
    ratios.flatMap((ratio) => {
      try {
        return [{ ratio, scope, ...applyRatio(baseline, { ratio, scope }) }];
      } catch (error) {
        if (error instanceof RectioError && error.code === 'proportion') return [];
        throw error;
      }
    }),
  );
}

describe.each(modelNames)('%s in every proportion', (name) => {
  const baseline = createModel(name);
  const sites = bodySites(baseline);
  const all = rewrites(baseline);

  it('can have every ratio whose module fits into the scope, and no other', () => {
    const possible = scopes.flatMap((scope) => {
      if (scope !== 'network' && sites.every((site) => site[scope] === undefined)) return [];
      const longest = Math.max(...segmentSizes(sites, scope));
      // 4:2 repeats 2:1.
      return ratios
        .filter((ratio) => (ratio === '4:2' ? 2 : parseRatio(ratio).convolutions) <= longest)
        .map((ratio) => `${ratio} ${scope}`);
    });
    expect(all.map(({ ratio, scope }) => `${ratio} ${scope}`)).toEqual(possible);
    expect(all.length).toBeGreaterThan(10);
  });

  it('keeps and drops exactly as many as the ratio says', () => {
    for (const { ratio, scope, graph, report } of all) {
      const { convolutions, activations } = parseRatio(ratio);
      // Whole modules keep M each; an incomplete one at a segment's end keeps its share, rounded down.
      const kept = segmentSizes(sites, scope)
        .map((size) => Math.floor((size * activations) / convolutions))
        .reduce((sum, count) => sum + count, 0);
      expect(report.sites.map((site) => site.name)).toEqual(sites.map((site) => site.name));
      expect(report.sites.filter((site) => site.kept)).toHaveLength(kept);
      const dropped = report.sites.filter((site) => !site.kept).map((site) => site.name);
      const identities = graph.nodes.filter((node) => node.op.kind === 'identity').map((node) => node.name);
      expect(identities).toEqual(dropped);
      expect(report.before.activations - report.after.activations).toBe(dropped.length);
      expect(report.after.convolutions).toBe(report.before.convolutions);
      const [sitesPart, keptPart] = report.achieved.split(':').map(Number) as [number, number];
      expect(sitesPart * kept).toBe(keptPart * sites.length);
    }
  });

  it('moves no parameter, no shape and no multiply-add', () => {
    const before = inspectGraph(baseline);
    const parameters = graphParameters(baseline);
    const shapes = inferShapes(baseline);
    for (const { graph, report } of all) {
      verifyGraph(graph);
      const after = inspectGraph(graph, report);
      expect(graphParameters(graph)).toEqual(parameters);
      expect(inferShapes(graph)).toEqual(shapes);
      expect(after.layers.map((layer) => layer.macs)).toEqual(before.layers.map((layer) => layer.macs));
      expect(after.totals.parameters).toBe(before.totals.parameters);
      expect(after.totals.convolutions).toBe(before.totals.convolutions);
      expect(after.totals.activationElements).toBeLessThan(before.totals.activationElements);
    }
  });

  it('touches nothing but the dropped activations', () => {
    for (const { graph, report } of all) {
      const dropped = new Set(report.sites.filter((site) => !site.kept).map((site) => site.name));
      expect(graph.name).toBe(baseline.name);
      expect(graph.nodes).toEqual(
        baseline.nodes.map((node) => (dropped.has(node.name) ? { ...node, op: { kind: 'identity' } } : node)),
      );
    }
  });

  it('is the very same Graph at 1:1, in every scope and in any notation', () => {
    for (const scope of scopes) {
      for (const options of [{ ratio: '1:1' }, { ratio: '3:3' }, { pattern: '11' }, {}]) {
        const { graph, report } = applyRatio(baseline, { ...options, scope });
        expect(graph).toBe(baseline);
        expect(report.achieved).toBe('1:1');
        expect(report.after).toEqual(report.before);
      }
    }
  });

  it('comes out equal when the same is asked twice, and leaves its input alone', () => {
    const copy = structuredClone(baseline);
    for (const { ratio, scope, graph, report } of all) {
      expect(applyRatio(baseline, { ratio, scope })).toEqual({ graph, report });
    }
    expect(baseline).toEqual(copy);
  });

  it('follows any explicit pattern, site by site', () => {
    for (let round = 0; round < 20; round++) {
      const stream = randomStream(7, round);
      const length = 1 + stream.below(Math.min(8, sites.length));
      const pattern = Array.from({ length }, (_, i) => (i === 0 ? '1' : String(stream.below(2)))).join('');
      const { report } = applyRatio(baseline, { pattern });
      expect(report.sites.map((site) => (site.kept ? '1' : '0')).join('')).toBe(
        pattern.repeat(sites.length).slice(0, sites.length),
      );
    }
  });
});

describe('where the pattern starts again', () => {
  const kept = (name: string, options: Parameters<typeof applyRatio>[1]) =>
    applyRatio(createModel(name), options)
      .report.sites.map((site) => (site.kept ? '1' : '0'))
      .join('');

  it('is nowhere in the scope network', () => {
    expect(kept('resnet20', { ratio: '4:1' })).toBe('000100010001000100');
    expect(kept('cifar_vgg16_bn', { ratio: '2:1' })).toBe('0101010101010');
  });

  it('is at every stage in the scope stage', () => {
    expect(kept('resnet20', { ratio: '4:1', scope: 'stage' })).toBe('000100'.repeat(3));
    expect(kept('cifar_vgg16_bn', { ratio: '2:1', scope: 'stage' })).toBe('0101010010010');
  });

  it('is at every block in the scope block', () => {
    expect(kept('resnet29_bottleneck', { ratio: '2:1', scope: 'block' })).toBe('010'.repeat(9));
    expect(kept('resnet29_bottleneck', { ratio: '2:1' })).toBe('01'.repeat(13) + '0');
  });
});

describe('a residual block at 2:1', () => {
  const dropped = (pattern: string) =>
    applyRatio(createModel('resnet20'), { ratio: '2:1', pattern, scope: 'block' })
      .report.sites.filter((site) => !site.kept)
      .map((site) => site.name.split('.').at(-1));

  it('loses the ReLU behind the addition with the pattern 10', () => {
    expect(new Set(dropped('10'))).toEqual(new Set(['relu2']));
  });

  it('loses the ReLU inside it with the pattern 01', () => {
    expect(new Set(dropped('01'))).toEqual(new Set(['relu1']));
  });
});

describe('the report', () => {
  it('says what was asked, what was achieved, and how the counts changed', () => {
    const { report } = applyRatio(createModel('resnet20'), { ratio: '4:3' });
    expect(report).toMatchObject({
      asked: '4:3',
      // 18 sites are four modules of 4 and a rest of 2, of which one is kept.
      achieved: '18:13',
      pattern: '0111',
      scope: 'network',
      before: { convolutions: 21, activations: 19 },
      after: { convolutions: 21, activations: 14 },
    });
    expect(report.sites[0]).toEqual({ name: 'layer1.0.relu1', stage: 'layer1', block: 'layer1.0', kept: false });
  });

  it('takes the ratio from the pattern where only that is given', () => {
    const { report } = applyRatio(createModel('resnet20'), { pattern: '110' });
    expect(report).toMatchObject({ asked: '3:2', achieved: '3:2', pattern: '110' });
  });
});

describe('stem and head', () => {
  const net = graphBuilder('both', [3, 8, 8]);
  let x = net.stem(() => net.relu('first', net.convolution('conv1', net.input, { outChannels: 4, kernel: 3 })));
  x = net.stage('layer1', () => net.relu('relu', net.convolution('conv', x, { outChannels: 4, kernel: 3 })));
  net.head(() => {
    const hidden = net.relu('hidden', net.linear('fc1', net.flatten('flatten', x), { outFeatures: 8 }));
    net.linear('fc2', hidden, { outFeatures: 2 });
  });
  const graph = net.build();
  const names = (options: Parameters<typeof applyRatio>[1]) =>
    applyRatio(graph, options).report.sites.map((site) => `${site.name} ${site.kept}`);

  it('keep their activations unless asked for', () => {
    expect(names({})).toEqual(['relu'].map((name) => `layer1.${name} true`));
    expect(names({ ratio: '2:1', stem: true })).toEqual(['first false', 'layer1.relu true']);
    expect(names({ ratio: '2:1', head: true })).toEqual(['layer1.relu false', 'hidden true']);
    expect(names({ ratio: '3:1', stem: true, head: true })).toEqual([
      'first false',
      'layer1.relu false',
      'hidden true',
    ]);
  });

  it('are segments of their own in narrower scopes', () => {
    const options = { pattern: '10', scope: 'stage', stem: true, head: true } as const;
    expect(failure(() => names(options)).code).toBe('proportion');
    expect(names({ ...options, pattern: '1' })).toEqual(['first true', 'layer1.relu true', 'hidden true']);
  });
});

describe('what cannot be done is refused', () => {
  const net = graphBuilder('linear', [3, 8, 8]);
  net.relu('relu', net.linear('fc', net.flatten('flatten', net.input), { outFeatures: 4 }));
  const noSites = net.build();

  it('without sites, saying which others there are', () => {
    const error = failure(() => applyRatio(noSites, { ratio: '2:1' }));
    expect(error.code).toBe('proportion');
    expect(error.message).toContain('linear');
    expect(error.hint).toContain('head');
    expect(applyRatio(noSites, { ratio: '1:1' }).graph).toBe(noSites);
  });

  it('in the scope of blocks where there are none, naming the scopes that there are', () => {
    const error = failure(() => applyRatio(createModel('cifar_vgg16_bn'), { ratio: '2:1', scope: 'block' }));
    expect(error.code).toBe('proportion');
    expect(error.message).toContain('no blocks');
    expect(error.hint).toContain('stage or network');
  });

  it('with a module longer than the scope, naming the longest', () => {
    const error = failure(() => applyRatio(createModel('resnet20'), { ratio: '3:1', scope: 'block' }));
    expect(error.code).toBe('proportion');
    expect(error.message).toContain('2 sites in its longest block');
    expect(error.hint).toContain('at most 2');
    expect(failure(() => applyRatio(createModel('resnet20'), { ratio: '19:1' })).hint).toContain('at most 18');
  });

  it.each([{ ratio: '1:2' }, { ratio: '2:0' }, { pattern: '102' }, { ratio: '3:2', pattern: '10' }])(
    'with a ratio or pattern that makes no sense: %o',
    (options) => {
      expect(failure(() => applyRatio(createModel('resnet20'), options)).code).toBe('usage');
    },
  );

  it('with a ratio that is no pair of whole numbers', () => {
    for (const convolutions of [Number.NaN, 2.5, Infinity, -2]) {
      expect(failure(() => applyRatio(createModel('resnet20'), { ratio: { convolutions, activations: 1 } })).code).toBe(
        'usage',
      );
    }
  });

  it('with an unknown scope, naming the nearest', () => {
    const error = failure(() => applyRatio(noSites, { scope: 'blok' as Scope }));
    expect(error.code).toBe('usage');
    expect(error.hint).toContain('block');
  });
});
