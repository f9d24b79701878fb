/** The command line: finds the command, reads its arguments, runs it, and turns what happens into an exit code. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import { benchCommand } from './commands/bench.js';
import { boardCommand } from './commands/board.js';
import type { Command } from './command.js';
import { exitCodes } from './terminal/exit-codes.js';
import { ensembleCommand } from './commands/ensemble.js';
import { exportCommand } from './commands/export.js';
import { compareCommand } from './commands/compare.js';
import { dataCommand } from './commands/data.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { commandHelp, overview } from './options/help.js';
import { inspectCommand } from './commands/inspect.js';
import { modelsCommand } from './commands/models.js';
import { type Output, processOutput } from './terminal/output.js';
import { parseArguments } from './options/options.js';
import { reportError } from './terminal/report-error.js';
import { reportCommand } from './commands/report.js';
import { trainCommand } from './commands/train.js';
import { packageVersion } from './version.js';

/** In the order of a first visit. */
const commands = [
  trainCommand,
  compareCommand,
  inspectCommand,
  exportCommand,
  benchCommand,
  doctorCommand,
  dataCommand,
  modelsCommand,
  reportCommand,
  ensembleCommand,
  boardCommand,
  demoCommand,
] as readonly Command[];

/** Runs one command line and gives the exit code. */
export async function main(args: readonly string[], output: Output = processOutput()): Promise<number> {
  const options = { json: before('--', args).includes('--json'), debug: Boolean(process.env['RECTIO_DEBUG']) };
  // What is thrown where no one waits for it, in a callback or a thread, is told in the same words.
  const fail = (error: unknown) => process.exit(reportError(error, output, options));
  process.on('uncaughtException', fail);
  try {
    return await dispatch(args, output);
  } catch (error) {
    return reportError(error, output, options);
  } finally {
    process.off('uncaughtException', fail);
  }
}

async function dispatch([name, ...args]: readonly string[], output: Output): Promise<number> {
  const width = process.stdout.columns || 80;
  if (name === '--version' || name === '-v') {
    output.print(packageVersion());
    return exitCodes.done;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = commands.find((command) => command.name === args[0]);
    output.print(about ? await commandHelp(about, width) : overview(commands, width));
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) throw unknownCommand(name);
  if (asksForHelp(args)) {
    output.print(await commandHelp(command, width));
    return exitCodes.done;
  }
  return command.run(parseArguments(args, command.options, command.positionals), output);
}

function asksForHelp(args: readonly string[]): boolean {
  return before('--', args).some((arg) => arg === '--help' || arg === '-h');
}

/** The arguments before `mark`, all of them where it does not stand among them. */
function before(mark: string, args: readonly string[]): readonly string[] {
  const end = args.indexOf(mark);
  return end === -1 ? args : args.slice(0, end);
}

function unknownCommand(name: string): RectioError {
  const names = commands.map((command) => command.name);
  if (name.startsWith('-')) {
    return new RectioError('usage', `The command comes first, before ${name}`, `Commands are: ${names.join(', ')}.`);
  }
  return new RectioError('usage', `There is no command '${name}'`, didYouMean(name, names));
}
