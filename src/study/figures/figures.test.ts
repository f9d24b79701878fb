import { describe, expect, it } from 'vitest';

import { colorShares } from '../../testing/pixels.js';
import { resolvePlan } from '../plan.js';
import type { ArmResult, GroupResult, RunResult } from '../results.js';
import { sameTrainingError } from '../same-training-error.js';
import { compareAll } from '../statistics/index.js';
import { simulateStudy } from '../testing/simulate.js';
import { figureWidth } from '../../draw/chart.js';
import { fitCurves, forestPlot, tradeOff } from './index.js';

/** A study of resnet20 at 1:1, 2:1 and 3:2, with drawn outcomes. */
function finished(): GroupResult {
  const plan = resolvePlan({ networks: ['resnet20'], ratios: ['2:1', '3:2'], seeds: 3, settings: [] });
  const [baseline, ...others] = simulateStudy({ ratios: 3, seeds: 3, examples: 2000, shift: 0.4 }, 1);
  const differences = compareAll(baseline!, others, { worthwhile: 1 });
  const runs = plan.arms.map((_, arm) => [0, 1, 2].map((seed) => runOf(seed, arm)));
  const arms = plan.arms.map((arm, index): ArmResult => ({
    ...{ arm, pattern: null, seeds: [0, 1, 2], gap: 1, fit: null, network: null, runs: runs[index]! },
    sameTrainingError: index === 0 ? null : sameTrainingError(runs[0]!, runs[index]!),
    error: { n: 3, mean: 20 + index, sd: 1, ci: { low: 19 + index, high: 21 + index } },
    difference: index === 0 ? null : differences[index - 1]!,
    cost: {
      ...{ parameters: 1, macs: 1, activationElements: 1e5 / (index + 1) },
      ...{ trainingSpeed: 1, inferenceSpeed: null, peakMemory: null },
    },
  }));
  return { name: 'resnet20', arms, detectable: 1 };
}

/** Every arm fits a little less well than the one before, and is a point worse at the same training error. */
function runOf(seed: number, arm: number): RunResult {
  const curve = [70, 40, 20, 10].map((error, epoch) => {
    const trainError = error + arm + seed / 2;
    return { epoch: epoch + 1, trainLoss: trainError / 40, trainError, evaluatedError: 10 + 0.8 * trainError + arm };
  });
  const score = { loss: 0.3, error: 10 };
  const summary = {
    ...{ run: null, model: 'resnet20', ratio: '1:1', epochs: 4, seed, epoch: 3, weights: null },
    ...{ train: score, fit: score, validation: null, test: score, parameters: 1 },
    ...{ imagesPerSecond: 1, evaluationImagesPerSecond: null, peakMemory: null, seconds: 1 },
    ...{ classes: null, wrong: null, warnings: [] },
  };
  return { seed, run: `seed${seed}`, curve, summary };
}

const figures = {
  'the forest plot': forestPlot(finished())!,
  'the trade-off': tradeOff(finished())!,
  'the fit': fitCurves(finished())!,
};

describe.each(Object.entries(figures))('%s', (_, svg) => {
  it('has its colors in renderers without CSS variables', async () => {
    const colors = await colorShares(svg);
    // Page, and the colors of the first and the second ratio.
    for (const color of ['#ffffff', '#0072b2', '#d55e00']) expect(colors.get(color)).toBeGreaterThan(0.0003);
    expect(colors.get('#ffffff')).toBeGreaterThan(0.8);
    expect(colors.get('#000000') ?? 0).toBeLessThan(0.001);
  });

  it('overrides every color on dark pages', () => {
    const style = /<style>(.*)<\/style>/.exec(svg)![1]!;
    const used = new Set([...svg.matchAll(/class="([fs]-\w+)"/g)].map(([, name]) => name));
    expect(used.size).toBeGreaterThan(4);
    for (const name of used) expect(style).toContain(`.figure .${name}{`);
    expect(svg).not.toContain('var(');
  });

  it('shows the value of a mark under the pointer', () => {
    expect(svg).toMatch(/><title>2:1[^<]*\d/);
  });

  it('keeps its texts inside, at a width that a small screen has', () => {
    expect(figureWidth).toBeLessThanOrEqual(440);
    for (const [, x, , anchor, text] of svg.matchAll(
      /<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)/g,
    )) {
      const width = 7.4 * text!.length;
      const left = anchor === 'start' ? Number(x) : anchor === 'end' ? Number(x) - width : Number(x) - width / 2;
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(figureWidth);
    }
  });
});

it('no line of the forest plot runs through its numbers', () => {
  const svg = figures['the forest plot'];
  const numbers = [...svg.matchAll(/<text x="424" y="([\d.]+)" text-anchor="end">/g)].map(([, y]) => Number(y));
  const lines = [...svg.matchAll(/d="M([\d.]+) ([\d.]+)L\1 ([\d.]+)"/g)].map(([, , from, to]) => [
    Number(from),
    Number(to),
  ]);
  expect(numbers).toHaveLength(2);
  expect(lines.length).toBeGreaterThan(3);
  for (const y of numbers) for (const [from, to] of lines) expect(from! > y || to! < y - 13).toBe(true);
});
