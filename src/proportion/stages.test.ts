import { describe, expect, it } from 'vitest';
import { createModel } from '../zoo/index.js';
import { failure } from '../testing/failure.js';
import { applyRatio, stageNames } from './index.js';
import { resolveStages } from './stages.js';

const resnet = createModel('resnet20');

/** Which sites of each of the three stages are kept. */
const kept = (options: Parameters<typeof applyRatio>[1]) => {
  const { sites } = applyRatio(resnet, options).report;
  const ofStage = (stage: string) => sites.filter((site) => site.stage === stage);
  const bits = (stage: string) => ofStage(stage).map((site) => (site.kept ? '1' : '0'));
  return stageNames(resnet)
    .map((stage) => bits(stage).join(''))
    .join(' ');
};

describe('a stage', () => {
  const names = ['layer1', 'layer2', 'layer3', 'layer4'];

  it.each([
    ['layer2', ['layer2']],
    ['stage2', ['layer2']],
    ['stage2-4', ['layer2', 'layer3', 'layer4']],
    ['stage2-stage3', ['layer2', 'layer3']],
    ['layer3-4', ['layer3', 'layer4']],
    ['layer1-layer2', ['layer1', 'layer2']],
    ['layer1 - stage2', ['layer1', 'layer2']],
    ['stage4-4', ['layer4']],
  ])('is meant by its name, its number or a range: %s', (text, stages) => {
    expect(resolveStages(text, names, 'net')).toEqual(stages);
  });

  it('is meant by its own name before its number', () => {
    expect(resolveStages('stage1', ['stage0', 'stage1', 'stage2'], 'net')).toEqual(['stage1']);
    expect(resolveStages('stage3', ['stage0', 'stage1', 'stage2'], 'net')).toEqual(['stage2']);
    expect(resolveStages('a-1', ['a-1', 'a-2'], 'net')).toEqual(['a-1']);
  });

  it.each([
    ['stage5', "no stage 'stage5'", 'layer1, layer2, layer3, layer4, or by number stage1 to stage4'],
    ['stage0', "no stage 'stage0'", 'stage1 to stage4'],
    ['layr2', "no stage 'layr2'", 'Did you mean layer2'],
    ['stage2-9', "no stage '9'", 'stage1 to stage4'],
    ['stage4-2', 'run backwards', 'forward order'],
    ['2', "no stage '2'", 'stage1 to stage4'],
  ])('is refused if it is %s', (text, problem, hint) => {
    const error = failure(() => resolveStages(text, names, 'net'));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(problem);
    expect(error.hint).toContain(hint);
  });

  it('is refused in a network that has none', () => {
    expect(failure(() => resolveStages('stage1', [], 'net')).hint).toContain('whole');
  });
});

describe('ratios for single stages', () => {
  it('hold in their stages, and the others stay as they are', () => {
    expect(kept({ ratio: 'stage2=2:1' })).toBe('111111 010101 111111');
    expect(kept({ ratio: 'layer1=1:1,stage2-3=3:1' })).toBe('111111 001001 001001');
    expect(kept({ ratio: '2:1@10,stage3=3:2' })).toBe('101010 101010 011011');
  });

  it('run on through the stages of one part, or start again as the scope says', () => {
    const ratio = 'stage2-3=4:1';
    expect(kept({ ratio })).toBe('111111 000100 010001');
    expect(kept({ ratio, scope: 'stage' })).toBe('111111 000100 000100');
    expect(kept({ ratio: 'stage1-2=2:1@10,stage3=1:1', scope: 'block' })).toBe('101010 101010 111111');
  });

  it('are one ratio if they name all stages in one part', () => {
    expect(kept({ ratio: 'stage1-3=4:3' })).toBe(kept({ ratio: '4:3' }));
    expect(applyRatio(resnet, { ratio: 'stage1-3=1:1' }).graph).toBe(resnet);
  });

  it('start again behind a stage with a ratio of its own', () => {
    expect(kept({ ratio: '4:1,stage2=1:1' })).toBe('000100 111111 000100');
  });

  it('are ratios of amounts if paths run in parallel', () => {
    const { sites } = applyRatio(createModel('googlenet'), { ratio: 'stage1=4:3,stage2=3:1' }).report;
    const keptIn = (stage: string) => sites.filter((site) => site.stage === stage && site.kept).length;
    // 12, 30 and 12 sites.
    expect(stageNames(createModel('googlenet')).map(keptIn)).toEqual([9, 10, 12]);
  });

  it('are reported as they were asked for', () => {
    const { report } = applyRatio(resnet, { ratio: 'stage1=1:1, stage2-3=3:2@110' });
    expect(report).toMatchObject({
      label: 'stage1=1:1,stage2-3=3:2@110',
      asked: 'stage1=1:1,stage2-3=3:2',
      achieved: '9:7',
      pattern: 'stage1=1,stage2-3=110',
      scope: 'network',
      before: { activations: 19 },
      after: { activations: 15 },
    });
    expect(kept({ ratio: report.label })).toBe(kept({ ratio: 'stage1=1:1,stage2-3=3:2@110' }));
  });

  it.each([
    ['layer1=2:1,stage1-2=3:2', 'usage', 'The stage layer1 has two ratios, layer1=2:1 and stage1-2=3:2', 'once'],
    ['stage7=2:1', 'usage', "Network resnet20 has no stage 'stage7'", 'layer1, layer2, layer3'],
    ['stage2=7:1', 'proportion', 'has 6 sites in stage2, too few for even one module of 7:1', 'at most 6'],
    ['3:1,stage1-3=2:1', 'proportion', 'in the stages that the ratio does not name', 'Leave 3:1 out.'],
  ])('are refused if they are %s', (ratio, code, problem, hint) => {
    const error = failure(() => applyRatio(resnet, { ratio }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(problem);
    expect(error.hint).toContain(hint);
  });

  it('are refused with a scope that has too few sites', () => {
    const error = failure(() => applyRatio(resnet, { ratio: 'stage2-3=3:1', scope: 'block' }));
    expect(error.message).toContain('2 sites in its largest block of stage2-3');
  });

  it('need stages', () => {
    expect(stageNames(resnet)).toEqual(['layer1', 'layer2', 'layer3']);
  });
});
