import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../..', import.meta.url));

/** What may look like a flag: variables of CSS, and the trial's command line, which is a call of the command line. */
const exempt =
  /^(cli|draw|board\/page|study\/figures)\/|^(study\/report\/html|study\/trial|base\/colors)\.ts$|\.test\.ts$/;

describe('the rooms below the command line', () => {
  it('name settings in what they say, not flags', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !exempt.test(path),
    );
    const found = files.flatMap((path) =>
      readFileSync(join(source, path), 'utf8')
        .split('\n')
        .filter((line) => /['"`].*(?<![\w-])--[a-z]/.test(line) || /(?<![\w-])--\$\{/.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(files.length).toBeGreaterThan(200);
    expect(found).toEqual([]);
  });
});
