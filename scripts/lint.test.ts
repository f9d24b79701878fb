import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import { lintRulesText, rooms } from './lint-rules.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Lints the given files with the project's configuration. Returns one line per finding. */
function lint(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'rectio-lint-'));
  folders.push(folder);
  copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const linter = join(root, 'node_modules/oxlint/bin/oxlint');
  const { stdout } = spawnSync(process.execPath, [linter, '--format', 'unix'], { cwd: folder, encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes('[Error/'));
}

/** A file that imports one module. */
const importing = (specifier: string) => `import { a } from '${specifier}';\nexport const b = a;\n`;

describe('the lint', () => {
  const names = rooms.map(({ name }) => name);
  const order = names.flatMap((from, index) => names.slice(index + 1).map((to) => [from, to] as const));

  it('has the rules generated from the list of rooms', async () => {
    expect(readFileSync(join(root, '.oxlintrc.json'), 'utf8')).toBe(await lintRulesText());
  });

  it('knows every room', () => {
    const found = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(found.map(({ name }) => name).toSorted()).toEqual([...names, 'testing'].toSorted());
  });

  it('refuses every import of a later room', () => {
    const files = Object.fromEntries(
      order.map(([from, to]) => [`src/${from}/to-${to}.ts`, importing(`../${to}/x.js`)]),
    );
    const refused = lint(files);
    for (const path of Object.keys(files))
      expect(refused.filter((line) => line.startsWith(`${path}:`))).toHaveLength(1);
  });

  it('allows imports of earlier rooms', () => {
    const only = new Map(rooms.map((room) => [room.name, room.only]));
    const forward = order.filter(([from, to]) => from !== 'engines' && (only.get(to)?.includes(from) ?? true));
    const files = Object.fromEntries(
      forward.map(([from, to]) => [`src/${to}/from-${from}.ts`, importing(`../${from}/x.js`)]),
    );
    expect(lint(files)).toEqual([]);
  });

  it('keeps inspect and zoo apart, and lets drawing use only the counts', () => {
    const apart = {
      'src/inspect/a.ts': 'zoo',
      'src/zoo/a.ts': 'inspect',
      'src/inspect/b.ts': 'draw',
      'src/zoo/b.ts': 'draw',
      'src/draw/a.ts': 'zoo',
      'src/draw/b.ts': 'plan',
    };
    const files = Object.entries(apart).map(([file, room]) => [file, importing(`../${room}/x.js`)]);
    expect(lint(Object.fromEntries(files))).toHaveLength(files.length);
    expect(lint({ 'src/draw/a.ts': importing('../inspect/x.js') })).toEqual([]);
  });

  it.each([
    ['src/train/a.ts', '../engines/registry.js'],
    ['src/train/a.ts', '../engines/onednn/index.js'],
    ['src/train/deep/a.ts', '../../engines/reference/index.js'],
    ['src/data/a.ts', '../engines/registry.js'],
    ['src/deploy/a.ts', '../engines/registry.js'],
    ['src/cli/a.ts', '../engines/onednn/index.js'],
    ['src/engines/onednn/a.ts', '../reference/index.js'],
    ['src/engines/reference/a.ts', '../onednn/index.js'],
    ['src/engines/onednn/a.ts', '../../train/index.js'],
    ['src/network-file/a.ts', '../zoo/index.js'],
    ['src/network-file/a.ts', '../train/index.js'],
  ])('refuses %s to import %s', (file, specifier) => {
    expect(lint({ [file]: importing(specifier) })).toHaveLength(1);
  });

  it.each([
    ['src/train/a.ts', '../engines/engine.js'],
    ['src/cli/a.ts', '../engines/registry.js'],
    ['src/engines/registry.ts', './onednn/index.js'],
    ['src/train/a.test.ts', '../engines/reference/index.js'],
  ])('allows %s to import %s', (file, specifier) => {
    expect(lint({ [file]: importing(specifier) })).toEqual([]);
  });

  it.each(['base', 'graph', 'proportion', 'inspect', 'zoo', 'draw', 'plan'])(
    'keeps %s free of Node, clock and randomness',
    (layer) => {
      const impure = [
        importing('node:fs'),
        'export const b = process;\n',
        'export const b = Math.random();\n',
        'export const b = Date.now();\n',
      ];
      const files = Object.fromEntries(impure.map((text, index) => [`src/${layer}/file${index}.ts`, text]));
      expect(lint(files)).toHaveLength(impure.length);
    },
  );

  it('refuses import cycles', () => {
    const found = lint({
      'src/plan/a.ts': "import { b } from './b.js';\nexport const a = () => b;\n",
      'src/plan/b.ts': "import { a } from './a.js';\nexport const b = () => a;\n",
    });
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('Dependency cycle');
  });

  it('refuses import cycles of types', () => {
    const found = lint({
      'src/plan/a.ts': "import type { B } from './b.js';\nexport interface A {\n  readonly b: B;\n}\n",
      'src/plan/b.ts': "import type { A } from './a.js';\nexport interface B {\n  readonly a: A;\n}\n",
    });
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('Dependency cycle');
  });
});
