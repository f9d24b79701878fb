import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { build } from '../src/cli/testing/rectio.js';
import { modelNames } from '../src/zoo/index.js';
import { networkDocuments } from './document-networks.js';
import { paths } from './paths.js';

describe('docs/networks.md and its drawings', () => {
  let files = new Map<string, string>();
  beforeAll(async () => {
    build();
    files = await networkDocuments();
  });

  it('match the output of node scripts/document-networks.js', () => {
    const outdated = [...files].filter(([path, text]) => {
      const file = join(paths.root, path);
      return !existsSync(file) || readFileSync(file, 'utf8') !== text;
    });
    // If this fails, run `node scripts/document-networks.js`.
    expect(outdated.map(([path]) => path)).toEqual([]);
  });

  it('cover exactly the networks of the zoo', () => {
    const drawings = readdirSync(join(paths.root, 'docs/images/networks'));
    expect(drawings.toSorted()).toEqual(modelNames.map((name) => `${name}.svg`).toSorted());
    for (const name of modelNames)
      expect(files.get('docs/networks.md')).toContain(`[${name}](images/networks/${name}.svg)`);
  });

  it('stay small', () => {
    const bytes = [...files.values()].reduce((sum, text) => sum + text.length, 0);
    expect(bytes).toBeLessThan(2e6);
  });
});
