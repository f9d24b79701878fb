import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';

import { openStudy, studyResult, type StudyResult } from '../../study/index.js';
import type { Output } from './output.js';
import { printReport } from './study-result.js';
import { wrapText } from './wrap.js';

const published = fileURLToPath(new URL('../../../campaigns/depth/studies/p1-plain56', import.meta.url));
let result: StudyResult;
beforeAll(async () => {
  result = await studyResult(await openStudy(published));
});

/** What a terminal of this width shows. */
async function printed(shown: StudyResult, columns: number): Promise<string> {
  let text = '';
  const print = (more: string) => void (text += `${wrapText(more, columns)}\n`);
  const nothing = () => undefined;
  const output: Output = {
    ...{ print, note: print, columns: () => columns, json: nothing, onLost: nothing },
    progressTo: () => ({ terminal: false, colors: false, columns: () => columns, write: nothing }),
  };
  await printReport({ result: shown, folder: 'report' }, false, output);
  return text;
}

/** The same study, had it come to no verdict. */
const undecided = (): StudyResult => ({
  ...result,
  groups: result.groups.map((group) => ({
    ...group,
    arms: group.arms.map((arm) => {
      if (arm.difference === null) return arm;
      const verdict = { kind: 'open', text: 'not distinguishable; about 4 more seeds would settle it' } as const;
      return { ...arm, difference: { ...arm.difference, verdict } };
    }),
  })),
});

describe('the result of a study', () => {
  it.each([40, 80, 120, 200])('fits %i columns', async (columns) => {
    for (const shown of [result, undecided()]) {
      const lines = (await printed(shown, columns)).split('\n');
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
    }
  });

  it('has a word for each verdict in its table, and the details below', async () => {
    expect(await printed(result, 120)).toMatch(/^2:1 .* better$/m);
    const open = await printed(undecided(), 120);
    expect(open).toMatch(/^2:1 .* open$/m);
    expect(open).toContain('\n2:1: not distinguishable; about 4 more seeds would settle it.\n');
  });

  it('keeps the numbers that matter on a narrow terminal', async () => {
    const narrow = await printed(result, 80);
    expect(narrow).toMatch(/^ratio .* test error, % .* difference, points .* verdict$/m);
    expect(narrow).not.toContain('P(better)');
    expect(await printed(result, 120)).toContain('P(better)');
  });
});
