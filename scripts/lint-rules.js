/**
 * Writes .oxlintrc.json: the linter's rules, including the order of the rooms (the folders of src). A room may import
 * rooms that come before it in the list, never those after it.
 *
 *     node scripts/lint-rules.js     # run it after a change here; a test compares
 */

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { format } from 'prettier';

import { paths } from './paths.js';

/**
 * @typedef {object} Room
 * @property {string} name the folder in src
 * @property {boolean} [pure] data in, data out; runs in a browser
 * @property {readonly string[]} [only] the rooms that it may import, if not all rooms before it
 */

/** @type {readonly Room[]} */
export const rooms = [
  { name: 'base', pure: true },
  { name: 'graph', pure: true },
  { name: 'proportion', pure: true },
  { name: 'inspect', pure: true },
  { name: 'draw', pure: true },
  { name: 'zoo', pure: true, only: ['base', 'graph', 'proportion'] },
  { name: 'plan', pure: true },
  { name: 'system', only: ['base'] },
  { name: 'network-file', only: ['base', 'graph', 'system'] },
  { name: 'formats', only: ['base', 'graph', 'system'] },
  { name: 'engines' },
  { name: 'data' },
  { name: 'config' },
  { name: 'run' },
  { name: 'train' },
  { name: 'prepare' },
  { name: 'deploy' },
  { name: 'study' },
  { name: 'board' },
  { name: 'cli' },
];

/** The rooms that open engines. All other rooms know only the engines' contract. */
const openers = ['engines', 'prepare', 'cli'];

/** The folders of engines: those below src/engines that have an index.ts. */
const engines = readdirSync(join(paths.sources, 'engines'))
  .filter((name) => existsSync(join(paths.sources, 'engines', name, 'index.ts')))
  .sort();

/** The other type-aware rules of the category `suspicious`; only `no-floating-promises` is in force. */
const otherTypeAware = [
  'consistent-return',
  'no-base-to-string',
  'no-generated-empty-object-type',
  'no-misused-spread',
  'no-unnecessary-template-expression',
  'no-unnecessary-type-assertion',
  'no-unnecessary-type-conversion',
  'no-unnecessary-type-parameters',
  'no-unsafe-type-assertion',
  'no-useless-default-assignment',
  'require-array-sort-compare',
  'restrict-template-expressions',
  'unbound-method',
];

const general = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['eslint', 'typescript', 'import', 'unicorn', 'oxc', 'promise', 'vitest'],
  categories: {
    correctness: 'error',
    suspicious: 'error',
  },
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'import/no-duplicates': 'error',
    'import/no-self-import': 'error',
    // A longer function says why in the comment that disables this rule.
    'max-lines-per-function': ['error', { max: 60 }],
    'typescript/no-explicit-any': 'error',
    // Needs --type-aware, as npm run lint has it.
    'typescript/no-floating-promises': 'error',
    ...Object.fromEntries(otherTypeAware.map((rule) => [`typescript/${rule}`, 'off'])),
    'typescript/consistent-type-imports': 'error',
    'unicorn/prefer-node-protocol': 'error',
    eqeqeq: ['error', 'always'],
    'no-console': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'no-empty': 'error',
    'no-warning-comments': 'error',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'no-unused-vars': [
      'error',
      {
        argsIgnorePattern: '^_',
        varsIgnorePattern: '^_',
      },
    ],
    'unicorn/no-useless-spread': 'off',
    'vitest/expect-expect': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/valid-title': 'off',
    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
    'vitest/no-identical-title': 'error',
    'typescript/ban-ts-comment': 'error',
  },
  ignorePatterns: ['dist/**', 'build/**', 'node_modules/**', 'runs/**'],
};

/** Files that may import anything: tests and their helpers. */
const exempt = ['**/*.test.ts', 'src/**/testing/**', 'src/engines/conformance*.ts', 'src/engines/conformance/**'];

/** @param {Room} room */
function restrictions({ name, pure = false, only }) {
  const index = rooms.findIndex((room) => room.name === name);
  const known = only ?? rooms.slice(0, index).map((room) => room.name);
  const unknown = rooms.map((room) => room.name).filter((other) => other !== name && !known.includes(other));
  const patterns = [];
  if (unknown.length > 0) {
    const message = `Imports go one way: src/${name} may not import ${unknown.join(', ')} (see docs/architecture.md).`;
    patterns.push({ regex: `\\.\\./(${unknown.join('|')})/`, message });
  }
  if (pure) {
    patterns.push({ regex: '^node:', message: `src/${name} is pure and runs in a browser: no Node modules.` });
  } else if (name === 'prepare' || name === 'cli') {
    patterns.push({ regex: '\\.\\./engines/[^/]+/', message: 'Engines are opened through engines/registry.ts.' });
  } else if (!openers.includes(name) && known.includes('engines')) {
    const message = `src/${name} may import the contract engines/engine.ts, never an engine.`;
    patterns.push({ regex: '\\.\\./engines/([^/]+/|registry\\.)', message });
  }
  return patterns;
}

/** @param {string} name */
function purity(name) {
  const chance = `src/${name} is pure: data in, data out; no clock, and no randomness except from a seed.`;
  const browser = `src/${name} is pure and runs in a browser.`;
  return {
    'no-restricted-globals': ['error', ...['process', 'Buffer'].map((global) => ({ name: global, message: browser }))],
    'no-restricted-properties': [
      'error',
      { object: 'Math', property: 'random', message: chance },
      { object: 'Date', property: 'now', message: chance },
      { object: 'performance', property: 'now', message: chance },
    ],
  };
}

/** The complete configuration. */
export function lintRules() {
  const roomRules = rooms.map((room) => ({
    files: [`src/${room.name}/**/*.ts`],
    excludeFiles: exempt,
    rules: {
      'no-restricted-imports': ['error', { patterns: restrictions(room) }],
      ...(room.pure ? purity(room.name) : {}),
    },
  }));
  const engineRules = engines.map((name) => ({
    files: [`src/engines/${name}/**/*.ts`],
    excludeFiles: exempt,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...restrictions({ name: 'engines' }),
            ...engines
              .filter((other) => other !== name)
              .map((other) => ({ regex: `\\.\\./${other}/`, message: 'An engine may not import another engine.' })),
          ],
        },
      ],
    },
  }));
  return {
    ...general,
    overrides: [
      { files: ['**/*.config.ts'], rules: { 'import/no-default-export': 'off' } },
      // A test's group is one function.
      { files: exempt, rules: { 'max-lines-per-function': 'off' } },
      ...roomRules,
      ...engineRules,
      {
        files: ['src/cli/**/*.ts', 'scripts/**', 'bin/**', 'bench/**', 'examples/**'],
        rules: { 'no-console': 'off' },
      },
    ],
  };
}

/** The formatted text of .oxlintrc.json. */
export function lintRulesText() {
  return format(JSON.stringify(lintRules()), { parser: 'json', printWidth: 120 });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await writeFile(join(paths.root, '.oxlintrc.json'), await lintRulesText());
}
