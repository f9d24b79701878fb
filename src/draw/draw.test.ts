import { describe, expect, it } from 'vitest';
import { graphBuilder, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import { applyRatio } from '../proportion/index.js';
import { createModel, modelNames } from '../zoo/index.js';
import { colorShares } from '../testing/pixels.js';
import { textWidth } from './canvas.js';
import { activationMarks, drawGraph } from './index.js';
import { sketchOf } from './sketch.js';
import { printSketch } from './testing/print.js';

const conv = (net: GraphBuilder, name: string, x: Value, outChannels: number, kernel = 3) =>
  net.convolution(name, x, { outChannels, kernel, padding: (kernel - 1) / 2 });

/** A network with the input [8, 16, 16], built by `make`. */
function network(make: (net: GraphBuilder) => void): Graph {
  const net = graphBuilder('small', [8, 16, 16]);
  make(net);
  return net.build();
}

const sketch = (graph: Graph, ratio = '1:1'): string => {
  const { graph: rewritten, report } = applyRatio(graph, { ratio });
  return printSketch(sketchOf(rewritten, report));
};

describe('a sketch shows', () => {
  it('residual blocks with their shortcuts, stage by stage, equal blocks once', () => {
    expect(sketch(createModel('resnet20'), '2:1')).toMatchInlineSnapshot(`
      "
      -: <3×32×32>
      stem: <3×3, 16>' •
      layer1: (<3×3, 16>' ○ <3×3, 16>' | =)+ ● ×3
      layer2: (<3×3, 32 /2>' ○ <3×3, 32>' | <1×1, 32 /2>')+ ●
      layer2: (<3×3, 32>' ○ <3×3, 32>' | =)+ ● ×2
      layer3: (<3×3, 64 /2>' ○ <3×3, 64>' | <1×1, 64 /2>')+ ●
      layer3: (<3×3, 64>' ○ <3×3, 64>' | =)+ ● ×2
      head: <global average>
      head: <linear, 10>
      "
    `);
  });

  it('dropped activations where the pattern puts them, and folds pairs of blocks if needed', () => {
    expect(sketch(createModel('resnet50'), '2:1')).toMatchInlineSnapshot(`
      "
      -: <3×224×224>
      stem: <7×7, 64 /2>' •
      stem: <max 3×3 /2>
      layer1: (<1×1, 64>' ○ <3×3, 64>' ● <1×1, 256>' | <1×1, 256>')+ ○
      layer1: (<1×1, 64>' ● <3×3, 64>' ○ <1×1, 256>' | =)+ ●
      layer1: (<1×1, 64>' ○ <3×3, 64>' ● <1×1, 256>' | =)+ ○
      layer2: (<1×1, 128>' ● <3×3, 128 /2>' ○ <1×1, 512>' | <1×1, 512 /2>')+ ●
      layer2: (<1×1, 128>' ○ <3×3, 128>' ● <1×1, 512>' | =)+ ○
      layer2: (<1×1, 128>' ● <3×3, 128>' ○ <1×1, 512>' | =)+ ●
      layer2: (<1×1, 128>' ○ <3×3, 128>' ● <1×1, 512>' | =)+ ○
      layer3: (<1×1, 256>' ● <3×3, 256 /2>' ○ <1×1, 1024>' | <1×1, 1024 /2>')+ ●
      layer3: (<1×1, 256>' ○ <3×3, 256>' ● <1×1, 1024>' | =)+ ○ ; (<1×1, 256>' ● <3×3, 256>' ○ <1×1, 1024>' | =)+ ● ×2
      layer3: (<1×1, 256>' ○ <3×3, 256>' ● <1×1, 1024>' | =)+ ○
      layer4: (<1×1, 512>' ● <3×3, 512 /2>' ○ <1×1, 2048>' | <1×1, 2048 /2>')+ ●
      layer4: (<1×1, 512>' ○ <3×3, 512>' ● <1×1, 2048>' | =)+ ○
      layer4: (<1×1, 512>' ● <3×3, 512>' ○ <1×1, 2048>' | =)+ ●
      head: <global average>
      head: <linear, 1000>
      "
    `);
  });

  it('norms separately if no convolution feeds them', () => {
    expect(sketch(createModel('preresnet20', { shortcut: 'A' }))).toMatchInlineSnapshot(`
      "
      -: <3×32×32>
      stem: <3×3, 16>
      layer1: (norm ● <3×3, 16>' ● <3×3, 16> | =)+ ×3
      layer2: norm ● (<3×3, 32 /2>' ● <3×3, 32> | <every /2> <pad +16>)+
      layer2: (norm ● <3×3, 32>' ● <3×3, 32> | =)+ ×2
      layer3: norm ● (<3×3, 64 /2>' ● <3×3, 64> | <every /2> <pad +32>)+
      layer3: (norm ● <3×3, 64>' ● <3×3, 64> | =)+ ×2
      head: norm • <global average>
      head: <linear, 10>
      "
    `);
  });

  it('convolutions without a place, and folds long runs of them', () => {
    const graph = network((net) => {
      let x = net.input;
      for (let i = 0; i < 12; i++) x = net.relu(`relu${i}`, conv(net, `conv${i}`, x, 8));
    });
    expect(sketch(graph, '3:1')).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: <3×3, 8> ○ ; <3×3, 8> ○ ; <3×3, 8> ● ×4
      "
    `);
  });

  it('parallel branches in the order of their join', () => {
    const graph = network((net) => {
      const a = net.relu('ra', conv(net, 'a', net.input, 4, 1));
      const b = net.relu('rb2', conv(net, 'b2', net.relu('rb1', conv(net, 'b1', net.input, 4, 1)), 8));
      const pooled = net.maxPool('pool', net.input, { kernel: 3, stride: 1, padding: 1 });
      net.relu('out', conv(net, 'mix', net.concat('concat', b, a, conv(net, 'c', pooled, 4, 1)), 8, 1));
    });
    expect(sketch(graph)).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: (<1×1, 4> ● <3×3, 8> ● | <1×1, 4> ● | <max 3×3> <1×1, 4>)&
      -: <1×1, 8> ●
      "
    `);
  });

  it('branches within branches', () => {
    const graph = network((net) => {
      const inner = net.relu('r', conv(net, 'stem', net.input, 8));
      const gate = net.sigmoid('gate', conv(net, 'fc', net.globalAveragePool('mean', inner), 8, 1));
      net.relu('out', net.add('add', net.input, net.multiply('weigh', inner, gate)));
    });
    expect(sketch(graph)).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: (= | <3×3, 8> ● (= | <global average> <1×1, 8> •)*)+ •
      "
    `);
  });

  it('branches that split again and end at the same join', () => {
    const graph = network((net) => {
      const x = net.relu('r', conv(net, 'stem', net.input, 8));
      net.relu('out', net.concat('concat', net.input, conv(net, 'wide', x, 4), conv(net, 'narrow', x, 4, 1)));
    });
    expect(sketch(graph)).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: (= | <3×3, 8> ● (<3×3, 4> | <1×1, 4>))& ●
      "
    `);
  });

  it('crossing connections as they are', () => {
    const graph = network((net) => {
      const [a, b] = [conv(net, 'a', net.input, 8), conv(net, 'b', net.input, 8)];
      const [c, d] = [conv(net, 'c', net.add('ab', a, b), 8), conv(net, 'd', net.add('ba', b, a), 8)];
      net.relu('out', net.add('cd', net.add('ca', c, a), d));
    });
    expect(sketch(graph)).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: {<3×3, 8> of -1; <3×3, 8> of -1; + of 0,1; <3×3, 8> of 2; + of 1,0; <3×3, 8> of 4; + of 3,0; out 6,5}
      -: + ●
      "
    `);
  });

  it('evenly growing blocks as one, with the range of the growing number', () => {
    const graph = network((net) => {
      let x = net.input;
      for (let i = 0; i < 5; i++) {
        x = net.block(`${i}`, () => net.relu('relu', net.batchNorm('bn', conv(net, 'conv', x, 10 + 3 * i))));
      }
    });
    expect(sketch(graph)).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: <3×3, 10–22>' ● ×5
      "
    `);
    // At 2:1, every second block differs from its neighbor.
    expect(sketch(graph, '2:1')).not.toContain('×5');
  });

  it('no flattening, stochastic depth or identity', () => {
    const graph = network((net) => {
      const x = net.stochasticDepth('drop', conv(net, 'conv', net.identity('same', net.input), 8), { rate: 0.1 });
      net.linear('fc', net.flatten('flatten', net.add('add', x, net.input)), { outFeatures: 3 });
    });
    expect(sketch(graph)).toMatchInlineSnapshot(`
      "
      -: <8×16×16>
      -: (<3×3, 8> | =)+
      -: <linear, 3>
      "
    `);
  });
});

describe('marks of activations', () => {
  it('follow the order of the path, with branches in brackets', () => {
    const { graph, report } = applyRatio(createModel('googlenet'), { ratio: '2:1' });
    const blocks = new Map(graph.nodes.map(({ name, place }) => [name, place.block ?? '']));
    expect(activationMarks(graph, report, (name) => blocks.get(name)!).get('inception3a')).toBe('(○|○●|○●|●)');
  });

  it('are assigned to the right part even if paths of several parts cross', () => {
    const graph = network((net) => {
      const [a, b] = ['a', 'b'].map((name) => net.block(name, () => net.relu('r', conv(net, 'c', net.input, 8)))) as [
        string,
        string,
      ];
      net.add('sum', net.add('left', a, b), net.add('right', b, a));
    });
    const blocks = new Map(graph.nodes.map(({ name, place }) => [name, place.block ?? '']));
    const marked = activationMarks(graph, applyRatio(graph).report, (name) => blocks.get(name)!);
    expect([marked.get('a'), marked.get('b')]).toEqual(['●', '●']);
  });
});

/** The numeric attributes of an element. */
const attributes = (tag: string): { readonly [name: string]: number } =>
  Object.fromEntries([...tag.matchAll(/ (\w+)="(-?[\d.]+)"/g)].map(([, name, value]) => [name!, Number(value)]));

/** Vertical stretches of the lines, and texts that are not centered in a shape: titles, captions and shapes. */
const stretchesOf = (svg: string) =>
  [...svg.matchAll(/<path class="l"[^>]* d="([^"]*)"/g)].flatMap(([, data]) =>
    [...data!.matchAll(/M(-?[\d.]+) (-?[\d.]+)V(-?[\d.]+)/g)].map(([, x, from, to]) => ({
      x: Number(x),
      from: Number(from),
      to: Number(to),
    })),
  );
const labelsOf = (svg: string) =>
  [...svg.matchAll(/<text([^>]*) text-anchor="(start|end)"([^>]*)>([^<]*)</g)].map(
    ([, before, anchor, after, text]) => {
      const { x = 0, y = 0 } = attributes(after!);
      const size = Number(/font-size="(\d+)"/.exec(before!)?.[1] ?? 11);
      const width = textWidth(text!, size);
      return { text, y, size, left: anchor === 'start' ? x : x - width, right: anchor === 'start' ? x + width : x };
    },
  );

const boxesOf = (svg: string) =>
  [...svg.matchAll(/<rect class="[pcdqfin]"[^>]*>/g)].map(([tag]) => attributes(tag)) as {
    x: number;
    y: number;
    width: number;
    height: number;
  }[];

describe.each(modelNames)('the picture of %s', (name) => {
  const { graph, report } = applyRatio(createModel(name), { ratio: '2:1' });
  const svg = drawGraph(graph, report);

  it('is a well-formed SVG document with a title and without external resources', () => {
    const open: string[] = [];
    for (const [, closing, tag, empty] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (closing === '/') expect(open.pop()).toBe(tag);
      else if (empty !== '/') open.push(tag!);
    }
    expect(open).toEqual([]);
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="([\w-]+)-title \1-desc"/);
    expect(svg).toContain(`>${name} at 2:1</title>`);
    expect(svg).not.toMatch(/NaN|undefined|Infinity|href|url\(|&(?!amp;|lt;|gt;|quot;)/);
  });

  it('keeps every box inside the page and lets none overlap', () => {
    const page = attributes(/<svg [^>]*>/.exec(svg)![0]);
    const boxes = boxesOf(svg);
    expect(boxes.length).toBeGreaterThan(3);
    for (const [index, box] of boxes.entries()) {
      expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(page['width']!);
      expect(box.y + box.height).toBeLessThanOrEqual(page['height']!);
      const overlaps = boxes
        .slice(index + 1)
        .filter(
          (other) =>
            box.x < other.x + other.width &&
            other.x < box.x + box.width &&
            box.y < other.y + other.height &&
            other.y < box.y + box.height,
        );
      expect(overlaps).toEqual([]);
    }
  });

  it('lets no line run through a title, a caption or a shape', () => {
    const labels = labelsOf(svg);
    expect(labels.length).toBeGreaterThan(3);
    const crossed = labels.filter(({ y, size, left, right }) =>
      stretchesOf(svg).some(({ x, from, to }) => left - 1 < x && x < right + 1 && from < y && to > y - 0.8 * size),
    );
    expect(crossed).toEqual([]);
  });

  it('counts every convolution and every site, folded or not', () => {
    const description = /<desc [^>]*>(.*)<\/desc>/.exec(svg)![1]!;
    const sum = (pattern: RegExp) =>
      [...description.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
    const kept = report.sites.filter((site) => site.kept).length;
    expect(sum(/ (\d+) convolutions,/g)).toBe(report.after.convolutions);
    expect(sum(/ (\d+) activations kept and/g)).toBe(kept);
    expect(sum(/kept and (\d+) dropped/g)).toBe(report.sites.length - kept);
  });

  it('is deterministic, and depends on the ratio', () => {
    expect(drawGraph(graph, report)).toBe(svg);
    expect(drawGraph(createModel(name))).not.toBe(svg);
  });
});

it('blocks outside of any stage show the shapes of their outputs', () => {
  const graph = network((net) => {
    let x = net.input;
    for (const width of [16, 32]) x = net.block(`block${width}`, () => net.relu('relu', conv(net, 'conv', x, width)));
  });
  const labels = labelsOf(drawGraph(graph)).map(({ text }) => text);
  expect(labels).toEqual(expect.arrayContaining(['block16', '16×16×16', 'block32', '32×16×16']));
});

it('a renderer without CSS variables shows the colors of a light page', async () => {
  const { graph, report } = applyRatio(createModel('resnet20'), { ratio: '2:1' });
  const colors = await colorShares(drawGraph(graph, report));
  // Page, panel, convolution, activation.
  for (const color of ['#ffffff', '#f3f6f9', '#b9d4f8', '#e2542a']) expect(colors.get(color)).toBeGreaterThan(0.0005);
  expect(colors.get('#ffffff')).toBeGreaterThan(0.3);
  expect(colors.get('#000000') ?? 0).toBeLessThan(0.001);
});

it('the picture of a deep network stays small and is quick to draw', () => {
  const { graph, report } = applyRatio(createModel('resnet152'), { ratio: '2:1' });
  const seconds = [1, 2, 3].map(() => {
    const start = performance.now();
    expect(drawGraph(graph, report).length).toBeLessThan(40_000);
    return (performance.now() - start) / 1000;
  });
  expect(Math.min(...seconds)).toBeLessThan(0.25);
});

it.each(['alike', 'unlike'])('the picture of a thousand convolutions, all %s, takes seconds at most', (kind) => {
  const graph = network((net) => {
    let x = net.input;
    for (let i = 0; i < 1000; i++)
      x = net.relu(`relu${i}`, conv(net, `conv${i}`, x, kind === 'alike' ? 8 : 4 + (i % 13)));
  });
  const start = performance.now();
  drawGraph(graph);
  expect(performance.now() - start).toBeLessThan(20_000);
});
