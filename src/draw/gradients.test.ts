import { describe, expect, it } from 'vitest';
import type { GradientReport } from '../inspect/index.js';
import { createModel } from '../zoo/index.js';
import { drawGradients, drawGraph } from './index.js';

const spread = (mean: number) => ({ mean, low: mean / 2, high: mean * 2 });

function report(sizes: readonly (readonly number[])[], theory: number | null): GradientReport {
  return {
    ...{ model: 'net', batch: 8, data: 'noise', engine: 'reference', seeds: [0, 1], meaning: 'Said <plainly>.' },
    arms: sizes.map((inputs, arm) => ({
      ratio: `${arm + 1}:1`,
      decades: spread(1),
      theory,
      weightDecades: null,
      layers: inputs.map((size, i) => ({ name: `c${i}`, input: i === 0 ? null : spread(size), weight: spread(size) })),
    })),
  };
}

const count = (svg: string, part: RegExp): number => [...svg.matchAll(part)].length;

describe('the drawing of gradients', () => {
  it('has a curve for each ratio in both panels, and a point for each size', () => {
    const svg = drawGradients(report([[100, 10, 1], [10, 10, 1]], null)); // prettier-ignore
    // Two inputs and three weights for each of two ratios.
    expect(count(svg, /<circle /g)).toBe(10);
    expect(count(svg, /stroke-dasharray/g)).toBe(0);
    expect(svg).toContain('Said &lt;plainly&gt;.');
    expect(svg).toContain('>2:1</text>');
    expect(svg).not.toContain('NaN');
  });

  it("draws theory's slope where it applies", () => {
    const svg = drawGradients(report([[100, 10, 1]], 1));
    expect(count(svg, /stroke-dasharray/g)).toBe(1);
    expect(svg).toContain('dashed: mean-field theory');
  });

  it('leaves out sizes of 0', () => {
    const svg = drawGradients(report([[0, 0, 1]], 1));
    expect(count(svg, /<circle /g)).toBe(2);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(drawGradients(report([[0, 0, 0]], 1))).not.toMatch(/NaN|Infinity/);
  });

  it('stands below the drawing of the network, which makes room for it', () => {
    const size = (svg: string) => /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.slice(1).map(Number);
    const graph = createModel('resnet20');
    const gradients = report([[100, 10, 1]], null);
    const [alone, both, below] = [drawGraph(graph), drawGraph(graph, undefined, gradients), drawGradients(gradients)];
    expect(both).toContain(below);
    expect(size(both)[1]).toBe(size(alone)[1]! + size(below)[1]! + 20);
    expect(size(both)[0]).toBeGreaterThanOrEqual(size(below)[0]! + 40);
  });
});
