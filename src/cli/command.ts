/** What a command is. Its file holds nothing heavy at the top level: what it needs it imports when it runs. */

import type { OptionTable, ParsedArguments, Positional } from './options/options.js';
import type { Output } from './terminal/output.js';

export interface Example {
  readonly command: string;
  readonly does: string;
}

export interface HelpSection {
  readonly title: string;
  readonly rows: readonly (readonly [term: string, meaning: string])[];
}

export interface Command<Table extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A paragraph for its own help. */
  readonly description: string;
  readonly positionals: readonly Positional[];
  readonly options: Table;
  readonly examples: readonly Example[];
  /** Further parts of the help, for what other parts of Rectio know: the recipes, say. */
  sections?(): Promise<readonly HelpSection[]>;
  /** Gives the exit code. */
  run(parsed: ParsedArguments<Table>, output: Output): Promise<number>;
}

/** Ties a command's `run` to its own table. */
export function defineCommand<const Table extends OptionTable>(command: Command<Table>): Command<Table> {
  return command;
}
