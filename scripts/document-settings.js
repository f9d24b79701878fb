/**
 * Writes the tables of settings in docs/cli.md from the schema of settings: `node scripts/document-settings.js`, after the
 * set-up. Run it when a setting changed; a test fails until the page is up to date.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as prettier from 'prettier';

import { paths } from './paths.js';

const page = join(paths.root, 'docs/cli.md');
const begin = '<!-- settings: made by scripts/document-settings.js -->';
const end = '<!-- end of settings -->';

/** @param {string} file a part of dist */
const compiled = (file) => import(pathToFileURL(join(paths.dist, file)).href);

/** @typedef {import('../src/config/index.js').SettingRow} SettingRow */

/**
 * The rows with the kinds that share a setting named in one of them.
 * @param {readonly SettingRow[]} rows
 */
function together(rows) {
  return rows
    .filter((row, index) => rows.findIndex((other) => other.setting === row.setting) === index)
    .map((row) => {
      const same = rows.filter((other) => other.setting === row.setting);
      return { ...row, kinds: same.flatMap(({ kind }) => (kind === undefined ? [] : [kind])) };
    });
}

/**
 * The page with its tables as the schema has them.
 * @returns {Promise<string>}
 */
export async function settingsPage() {
  const [{ listSettings, standardOf, trainSettings }, { optionName }, { printRange }] = await Promise.all([
    compiled('config/index.js'),
    compiled('cli/options/options.js'),
    compiled('base/check.js'),
  ]);

  /**
   * @param {SettingRow['setting']['form']} form
   * @param {string | undefined} unit
   */
  const numberWords = (form, unit) => {
    if (form.kind !== 'number') return '';
    const name = `${form.whole ? 'whole number' : 'number'}${unit === undefined ? '' : ` of ${unit}`}`;
    return `${name}, ${printRange(form.range)}`;
  };

  /** @param {SettingRow['setting']} setting */
  const values = ({ form, unit, nullable }) => {
    const words = {
      number: () => numberWords(form, unit),
      choice: () => (form.kind === 'choice' ? form.words.map((word) => `\`${word}\``).join(', ') : ''),
      boolean: () => 'true or false',
      text: () => 'text',
      list: () => (form.kind === 'list' ? `list of ${form.items}` : ''),
    };
    return `${words[form.kind]()}${nullable ? ', or null' : ''}`;
  };

  /** @param {SettingRow} row */
  const standard = (row) => {
    if (row.kind !== undefined && row.setting.default !== undefined) return JSON.stringify(row.setting.default);
    const words = standardOf(row) ?? 'must be given';
    return row.setting.nullable ? `null: ${words}` : words;
  };

  /** @param {SettingRow & { kinds: readonly string[] }} row */
  const cells = (row) => [
    `\`${row.path}\`${row.kinds.length === 0 ? '' : ` (${row.kinds.join(', ')})`}`,
    row.setting.flag === undefined ? '' : `\`${optionName(row.setting.flag.name)}\``,
    values(row.setting),
    standard(row),
    row.setting.help,
  ];

  const head = ['setting', 'option', 'values', 'default', 'meaning'];
  /** @param {string[]} row */
  const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('*', '\\*')).join(' | ')} |`;
  const table = [head, head.map(() => '---'), ...together(listSettings(trainSettings)).map(cells)].map(line).join('\n');
  const text = await readFile(page, 'utf8');
  const [before, rest = ''] = text.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`${page} has no place for the settings: ${begin} … ${end}`);
  const whole = [before, begin, '\n\n', table, '\n\n', end, after].join('');
  return prettier.format(whole, { ...(await prettier.resolveConfig(page)), parser: 'markdown' });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await writeFile(page, await settingsPage());
  console.log('docs/cli.md is up to date.');
}
