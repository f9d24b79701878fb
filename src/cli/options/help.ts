/** Help texts, made from the same tables that parse. */

import type { Command } from '../command.js';
import { optionName, type Option } from './options.js';

/** Breaks text into lines of at most `width` characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Rows of a term and its explanation: side by side, or one below the other if the terminal is narrow. */
function definitions(rows: readonly (readonly [term: string, meaning: string])[], width: number): string[] {
  const indent = Math.min(30, Math.max(...rows.map(([term]) => term.length)) + 4);
  const beside = width - indent >= 34;
  return rows.flatMap(([term, meaning]) => {
    if (!beside) return [`  ${term}`, ...wrap(meaning, Math.max(20, width - 6)).map((line) => `      ${line}`)];
    const lines = wrap(meaning, Math.min(width, 110) - indent);
    const apart = term.length + 4 > indent;
    return [
      ...(apart ? [`  ${term}`] : []),
      ...lines.map((line, index) => (index === 0 && !apart ? `  ${term}`.padEnd(indent) : ' '.repeat(indent)) + line),
    ];
  });
}

function optionRow([key, option]: readonly [string, Option<unknown>]): readonly [string, string] {
  const { placeholder, help, standard, bounds } = option;
  const term = placeholder === null ? optionName(key) : `${optionName(key)} ${placeholder}`;
  const facts = [bounds, standard === undefined ? undefined : `default: ${standard}`].filter(
    (fact) => fact !== undefined,
  );
  return [term, facts.length === 0 ? help : `${help} (${facts.join('; ')})`];
}

/** A command's own help. */
export async function commandHelp(command: Command, width: number): Promise<string> {
  const sections = (await command.sections?.()) ?? [];
  const { name, positionals, options, examples, description } = command;
  const places = positionals.map(({ placeholder, required }) => (required ? placeholder : `[${placeholder}]`));
  const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ['', title, ...lines]);
  const rows = [...Object.entries(options).map(optionRow), ['--help', 'show this text'] as const];
  return [
    `Usage: ${['rectio', name, ...places, '[options]'].join(' ')}`,
    '',
    ...wrap(description, Math.min(width, 110)),
    ...section(
      'Arguments:',
      positionals.length === 0
        ? []
        : definitions(
            positionals.map(({ placeholder, help }) => [placeholder, help]),
            width,
          ),
    ),
    ...section('Options:', definitions(rows, width)),
    ...sections.flatMap(({ title, rows: terms }) => section(title, definitions(terms, width))),
    ...section(
      'Examples:',
      examples.flatMap((example) => [`  ${example.command}`, `      ${example.does}`]),
    ),
  ].join('\n');
}

/** The help of `rectio` itself. */
export function overview(commands: readonly Command[], width: number): string {
  return [
    'Usage: rectio COMMAND [options]',
    '',
    ...wrap('Rectio trains convolutional networks and lets you choose where the ReLUs go.', Math.min(width, 110)),
    '',
    'Commands:',
    ...definitions(
      commands.map(({ name, summary }) => [name, summary]),
      width,
    ),
    '',
    'Options:',
    ...definitions(
      [
        ['--help', 'show this text, or that of a command: npx rectio train --help'],
        ['--version', 'show the version'],
      ],
      width,
    ),
    '',
    ...wrap(
      'Exit codes: 0 done, 1 failed, 2 wrong usage; 130, 143, 138 and 129 after Ctrl-C, SIGTERM, SIGUSR1 and SIGHUP.',
      Math.min(width, 110),
    ),
  ].join('\n');
}
