import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readSettings } from './config-file.js';
import { readDocument } from './document-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rectio-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('files that begin with a byte order mark and end lines as Windows does', () => {
  it('are read as settings', async () => {
    const path = join(folder, 'settings.json');
    await writeFile(path, '\uFEFF{\r\n  "model": "resnet20",\r\n  "epochs": 1\r\n}\r\n');
    expect(await readSettings(path)).toEqual({ model: { name: 'resnet20' }, epochs: 1 });
  });

  it('are read as the plan of a study', async () => {
    const path = join(folder, 'plan.yaml');
    await writeFile(path, '\uFEFFnetworks: [resnet20]\r\nratios: ["2:1"]\r\n');
    expect(await readDocument(path)).toEqual({ networks: ['resnet20'], ratios: ['2:1'] });
  });
});
