import { describe, expect, it } from 'vitest';
import { createModel } from '../zoo/index.js';
import { failure } from '../testing/failure.js';
import { applyRatio } from './index.js';

const resnet = createModel('resnet20');
const dropped = (options: Parameters<typeof applyRatio>[1]) =>
  applyRatio(resnet, options)
    .report.sites.filter((site) => !site.kept)
    .map((site) => site.name);

describe('sites listed by name', () => {
  it('are dropped, and no other', () => {
    expect(dropped({ drop: ['layer2.1.relu1'] })).toEqual(['layer2.1.relu1']);
    expect(dropped({ drop: ['layer1.*.relu1', 'layer3.2.relu2'] })).toEqual([
      'layer1.0.relu1',
      'layer1.1.relu1',
      'layer1.2.relu1',
      'layer3.2.relu2',
    ]);
    expect(dropped({ drop: ['*relu?'] })).toHaveLength(18);
    expect(applyRatio(resnet, { drop: [] }).graph).toBe(resnet);
  });

  it('become identities, whatever the ratio says', () => {
    const { graph, report } = applyRatio(resnet, { ratio: 'stage1=2:1', drop: ['layer1.0.*', 'layer3.2.relu2'] });
    const identities = graph.nodes.filter(({ op }) => op.kind === 'identity').map(({ name }) => name);
    expect(identities).toEqual([
      'layer1.0.relu1',
      'layer1.0.relu2',
      'layer1.1.relu1',
      'layer1.2.relu1',
      'layer3.2.relu2',
    ]);
    expect(report).toMatchObject({
      label: 'stage1=2:1 without layer1.0.*, layer3.2.relu2',
      asked: 'stage1=2:1',
      achieved: '18:13',
      drop: ['layer1.0.*', 'layer3.2.relu2'],
    });
  });

  it('may be those of the stem where it takes part', () => {
    expect(dropped({ drop: ['relu'], stem: true })).toEqual(['relu']);
    const error = failure(() => dropped({ drop: ['relu'] }));
    expect(error.message).toBe('relu is a site of the stem, which takes no part in the ratio');
    expect(error.hint).toContain('`stem`');
  });

  it.each([
    ['layer1.0.relu3', "no site 'layer1.0.relu3'", 'Did you mean layer1.0.relu1'],
    ['layer1.*.relv1', "no site 'layer1.*.relv1'", 'Did you mean layer1.0.relu1'],
    ['layer1.0.bn1', 'layer1.0.bn1 of network resnet20 is not a site but a node of kind batchNorm', 'Did you mean'],
    ['features.*', "no site 'features.*'", 'layer1.0.relu1, layer1.0.relu2, layer1.1.relu1, …, layer3.2.relu2'],
  ])('are refused if there is none: %s', (name, problem, hint) => {
    const error = failure(() => dropped({ drop: [name] }));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(problem);
    expect(error.hint).toContain(hint);
  });
});
