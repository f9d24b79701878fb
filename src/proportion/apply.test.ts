import { describe, expect, it } from 'vitest';
import { graphBuilder, graphParameters, type Graph, type Node } from '../graph/index.js';
import { inspectGraph } from '../inspect/index.js';
import { createModel, modelNames } from '../zoo/index.js';
import { failure } from '../testing/failure.js';
import { applyRatio, findSites, parseRatio, printRatio, reduceRatio, scopes, type Scope, type Site } from './index.js';

describe('a leak in place of dropped activations', () => {
  const graph = createModel('resnet20');
  const kinds = (leak?: number) =>
    applyRatio(graph, { ratio: '2:1', ...(leak === undefined ? {} : { leak }) }).graph.nodes.map(({ op }) => op);

  it('leaves leaky ReLUs of its slope where the identity would be, and nothing else', () => {
    const dropped = kinds();
    const leaking = kinds(0.25);
    expect(leaking.filter(({ kind }) => kind === 'leakyRelu')).toHaveLength(9);
    leaking.forEach((op, index) =>
      expect(op).toEqual(dropped[index]!.kind === 'identity' ? { kind: 'leakyRelu', slope: 0.25 } : dropped[index]),
    );
  });

  it('stands in the label, and keeps the sites’ report', () => {
    const { report } = applyRatio(graph, { ratio: '2:1', leak: 0.5 });
    expect(report).toMatchObject({ label: '2:1 leaking 0.5', asked: '2:1', achieved: '2:1' });
    expect(report.sites).toEqual(applyRatio(graph, { ratio: '2:1' }).report.sites);
  });

  it('is in every site if every name is dropped, in the stem too if asked for', () => {
    const slopes = (stem: boolean) =>
      applyRatio(graph, { drop: ['*'], leak: 0.24, stem }).graph.nodes.flatMap<number | string>(({ op }) =>
        op.kind === 'leakyRelu' ? [op.slope] : op.kind === 'relu' ? ['relu'] : [],
      );
    expect(slopes(false)).toEqual(['relu', ...Array.from({ length: 18 }, () => 0.24)]);
    expect(slopes(true)).toEqual(Array.from({ length: 19 }, () => 0.24));
  });

  it.each([-0.1, 1.5, Number.NaN])('of %d is refused', (leak) => {
    expect(failure(() => applyRatio(graph, { ratio: '2:1', leak })).hint).toContain('0 to 1');
  });
});

const ratios = ['2:1', '3:2', '3:1', '4:3'];
const bodySites = (graph: Graph): Site[] => findSites(graph).filter((site) => site.part === 'body');

/** Names and shapes as one text, which is quick to compare. */
const printParameters = (graph: Graph) =>
  graphParameters(graph)
    .map(({ name, shape }) => `${name} ${shape}`)
    .join();

/** The name of the segment of a node or site. */
const segmentOf = (scope: Scope, { stage, block }: Pick<Site, 'stage' | 'block'>) =>
  scope === 'network' ? '' : ((scope === 'block' ? block : undefined) ?? stage ?? 'none');

/** The place of each site: the most sites before it on any path within its segment, counted backwards from the site. */
function placesOf(graph: Graph, sites: readonly Site[], scope: Scope): number[] {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const names = new Set(sites.map((site) => site.name));
  const segment = ({ place }: Node) => segmentOf(scope, place);
  const known = new Map<string, number>();
  const before = (node: Node): number => {
    const places = node.inputs
      .map((input) => nodes.get(input)!)
      .filter((input) => segment(input) === segment(node))
      .map((input) => (known.get(input.name) ?? before(input)) + (names.has(input.name) ? 1 : 0));
    known.set(node.name, Math.max(0, ...places));
    return known.get(node.name)!;
  };
  graph.nodes.forEach(before);
  return sites.map((site) => known.get(site.name)!);
}

/** The sites of each segment. */
function segmentsOf<T extends Pick<Site, 'stage' | 'block'>>(sites: readonly T[], scope: Scope): T[][] {
  const segments = new Map<string, T[]>();
  for (const site of sites) {
    const name = segmentOf(scope, site);
    segments.set(name, [...(segments.get(name) ?? []), site]);
  }
  return [...segments.values()];
}

/** The scopes that a network has. */
const scopesOf = (sites: readonly Site[]) =>
  scopes.filter((scope) => scope === 'network' || sites.some((site) => site[scope] !== undefined));

/** Whether no segment has parallel paths: then no two of its sites have the same place. */
function isChain(graph: Graph, sites: readonly Site[], scope: Scope): boolean {
  const places = placesOf(graph, sites, scope);
  return new Set(sites.map((site, index) => `${segmentOf(scope, site)} ${places[index]}`)).size === sites.length;
}

/** How many of the first sites N:M keeps: M of each complete module, and a share of an incomplete one. */
const keptOf = (sites: number, ratio: string) => {
  const { convolutions, activations } = parseRatio(ratio);
  return Math.floor((sites * activations) / convolutions);
};

describe.each(modelNames)('%s', (name) => {
  const baseline = createModel(name);
  const sites = bodySites(baseline);
  const cases = scopesOf(sites).flatMap((scope) => {
    const largest = Math.max(...segmentsOf(sites, scope).map((segment) => segment.length));
    return ratios.map((ratio) => ({ ratio, scope, largest }));
  });
  const can = cases.filter(({ ratio, largest }) => parseRatio(ratio).convolutions <= largest);

  it('can have each ratio whose module fits into a segment, and no other', () => {
    expect(sites.length).toBeGreaterThan(0);
    for (const { ratio, scope, largest } of cases) {
      if (parseRatio(ratio).convolutions <= largest) expect(() => applyRatio(baseline, { ratio, scope })).not.toThrow();
      else expect(failure(() => applyRatio(baseline, { ratio, scope })).hint).toContain(`at most ${largest}`);
    }
    expect(can.filter(({ scope }) => scope === 'network')).toHaveLength(ratios.length);
  });

  it('keeps exactly M of every N sites of each segment, rounded up or down, and drops all others', () => {
    for (const { ratio, scope } of can) {
      const { convolutions, activations } = parseRatio(ratio);
      const { graph, report } = applyRatio(baseline, { ratio, scope });
      for (const segment of segmentsOf(report.sites, scope)) {
        const share = (segment.length * activations) / convolutions;
        const kept = segment.filter((site) => site.kept).length;
        expect([Math.floor(share), Math.ceil(share)]).toContain(kept);
      }
      const kept = report.sites.filter((site) => site.kept).length;
      expect(graph.nodes.filter(({ op }) => op.kind === 'identity')).toHaveLength(sites.length - kept);
      expect(report.before.activations - report.after.activations).toBe(sites.length - kept);
      const [of, stay] = report.achieved.split(':').map(Number) as [number, number];
      expect(of * kept).toBe(stay * sites.length);
    }
  });

  it('keeps every parameter, shape and multiply-add: nothing but dropped activations differs', () => {
    const before = inspectGraph(baseline);
    for (const { ratio, scope } of can) {
      const { graph, report } = applyRatio(baseline, { ratio, scope });
      const dropped = new Set(report.sites.filter((site) => !site.kept).map((site) => site.name));
      graph.nodes.forEach((node, index) => {
        const old = baseline.nodes[index]!;
        if (dropped.has(old.name)) expect(node).toEqual({ ...old, op: { kind: 'identity' } });
        else if (node !== old) expect.fail(`${old.name} is another node`);
      });
      expect(graph.nodes).toHaveLength(baseline.nodes.length);
      if (scope !== 'network') continue;
      const after = inspectGraph(graph, report);
      const costs = (inspection: typeof before) =>
        inspection.layers.map(({ shape, macs }) => `${shape} ${macs}`).join();
      expect(costs(after)).toBe(costs(before));
      expect(printParameters(graph)).toBe(printParameters(baseline));
      expect(after.totals.activationElements).toBeLessThan(before.totals.activationElements);
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

  it('follows a pattern site by site from the start of each segment, unless it has parallel paths', () => {
    for (const { ratio, scope } of can) {
      if (!isChain(baseline, sites, scope)) continue;
      const places = placesOf(baseline, sites, scope);
      const kept = (options: Parameters<typeof applyRatio>[1]) =>
        applyRatio(baseline, { ...options, scope }).report.sites.map((site) => site.kept);
      expect(kept({ ratio })).toEqual(places.map((place) => keptOf(place + 1, ratio) > keptOf(place, ratio)));
      if (scope !== 'network') continue;
      for (const pattern of ['10', '1100', '11010']) {
        expect(kept({ pattern })).toEqual(places.map((place) => pattern[place % pattern.length] === '1'));
      }
    }
  });
});

describe('the networks with parallel paths', () => {
  const branching = modelNames.filter((name) => {
    const graph = createModel(name);
    return !isChain(graph, bodySites(graph), 'network');
  });
  const report = (name: string, ratio: string, scope: Scope = 'network') =>
    applyRatio(createModel(name), { ratio, scope }).report;

  it('are those whose blocks branch', () => {
    expect(branching).toEqual([
      'googlenet',
      'inception_v3',
      'squeezenet1_0',
      'squeezenet1_1',
      'shufflenet_v2_x0_5',
      'shufflenet_v2_x1_0',
      'shufflenet_v2_x1_5',
      'shufflenet_v2_x2_0',
    ]);
  });

  it.each([
    ['googlenet', ['54:27', '54:36', '54:18', '54:40']],
    ['inception_v3', ['89:45', '89:60', '89:30', '89:67']],
    ['squeezenet1_1', ['24:12', '24:16', '24:8', '24:18']],
    ['shufflenet_v2_x1_0', ['36:18', '36:24', '36:12', '36:27']],
  ])('have the amounts of 2:1, 3:2, 3:1 and 4:3: %s', (name, amounts) => {
    const found = ratios.map((ratio) => report(name, ratio));
    const counted = found.map(({ sites }) => `${sites.length}:${sites.filter(({ kept }) => kept).length}`);
    expect(counted).toEqual(amounts);
    expect(found.map(({ achieved }) => achieved)).toEqual(
      amounts.map((amount) => printRatio(reduceRatio(parseRatio(amount)))),
    );
  });

  it('have them with any pattern too', () => {
    for (const name of branching) {
      for (const pattern of ['10', '110', '1100', '0011', '11010', '1000001']) {
        const { sites } = applyRatio(createModel(name), { pattern }).report;
        const share = (sites.length * pattern.replaceAll('0', '').length) / pattern.length;
        expect([Math.floor(share), Math.ceil(share)]).toContain(sites.filter(({ kept }) => kept).length);
      }
    }
  });

  /** Whether each site of the given block is kept. */
  const inBlock = (block: string, { sites }: ReturnType<typeof report>) =>
    sites
      .filter((site) => site.block === block)
      .map(({ kept }) => (kept ? '1' : '0'))
      .join('');

  it('keep the order of the pattern in each branch, and spread the rest over the branches: GoogLeNet', () => {
    // Branches of one, two, two and one sites. Of the two single ones, one stays.
    for (const block of ['inception3a', 'inception4b', 'inception5b']) {
      expect(inBlock(block, report('googlenet', '2:1'))).toBe('001011');
      expect(inBlock(block, report('googlenet', '2:1@10'))).toBe('110100');
      expect(inBlock(block, report('googlenet', '2:1', 'block'))).toBe('001011');
    }
  });

  it('keep the order of the pattern along the longest path, and take turns beside it: SqueezeNet', () => {
    const { sites } = report('squeezenet1_1', '2:1');
    // A squeeze, then two expanding convolutions in parallel.
    expect(sites.map(({ kept }) => (kept ? '1' : '0')).join('')).toBe('011010'.repeat(4));
  });
});

describe('rewriting', () => {
  const baseline = createModel('resnet20');

  it('keeps of a chain M of every N, and of an incomplete module its share', () => {
    for (const ratio of ['2:1', '3:1', '3:2', '4:1', '4:3', '5:2', '5:3', '6:5', '7:2', '4:2']) {
      const { sites } = applyRatio(baseline, { ratio }).report;
      expect(sites.filter(({ kept }) => kept)).toHaveLength(keptOf(18, ratio));
    }
  });

  it('comes out equal when the same is asked twice, and leaves its input alone', () => {
    const copy = structuredClone(baseline);
    expect(applyRatio(baseline, { ratio: '5:3' })).toEqual(applyRatio(baseline, { ratio: '5:3' }));
    expect(baseline).toEqual(copy);
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
      // 18 sites are four modules of 4 and a remainder of 2, of which one is kept.
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

  it('with a module that no segment has the sites for, naming the largest', () => {
    const error = failure(() => applyRatio(createModel('resnet20'), { ratio: '3:1', scope: 'block' }));
    expect(error.code).toBe('proportion');
    expect(error.message).toContain('2 sites in its largest block');
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
