import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { build } from '../src/cli/testing/rectio.js';
import { listSettings, trainSettings } from '../src/config/index.js';
import { settingsPage } from './document-settings.js';
import { paths } from './paths.js';

describe('docs/cli.md', () => {
  let page = '';
  beforeAll(async () => {
    build();
    page = await settingsPage();
  });

  it('has the tables that node scripts/document-settings.js would write', () => {
    expect(readFileSync(join(paths.root, 'docs/cli.md'), 'utf8')).toBe(page);
  });

  it('has a row for every setting', () => {
    for (const { path } of listSettings(trainSettings)) expect(page).toContain(`| \`${path}\``);
  });
});
