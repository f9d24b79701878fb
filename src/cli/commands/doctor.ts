/** `rectio doctor`: what works on this machine, what is missing, and the command that adds it. */

import { RectioError } from '../../base/error.js';
import type { Engine } from '../../engines/engine.js';
import { defineCommand } from '../command.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { flag } from '../options/options.js';
import type { Output } from '../terminal/output.js';
import { packageVersion } from '../version.js';
import { thisMachine, type Machine } from '../../system/machine.js';

interface EngineFinding {
  readonly name: string;
  readonly works: boolean;
  /** The device that it computes on. */
  readonly device: string | null;
  readonly threads: number | null;
  readonly versions: { readonly [library: string]: string };
  /** If it does not work: why, and what to do. */
  readonly problem: string | null;
  readonly hint: string | null;
}

interface Findings extends Machine {
  readonly rectio: string;
  readonly node: string;
  /** The engine that `--engine auto` chooses. */
  readonly engine: string;
  readonly engines: readonly EngineFinding[];
}

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'check this machine: what works, what is missing, how to add it',
  description:
    'Checks this machine: Node, processor, and the engines with their libraries, threads and SIMD level. If something is ' +
    'missing, doctor names the command that adds it and ends with exit code 1.',
  positionals: [],
  options: { json: flag('print one JSON document') },
  examples: [{ command: 'npx rectio doctor', does: 'the first thing to try if something is slow or fails' }],
  async run({ values }, output) {
    const findings = await examine();
    if (values.json) output.json(findings);
    else report(findings, output);
    return findings.engines.every(({ works }) => works) ? exitCodes.done : exitCodes.failed;
  },
});

async function examine(): Promise<Findings> {
  const { engineNames, openEngine } = await import('../../engines/registry.js');
  const names = engineNames.filter((name) => name !== 'auto');
  const engines = await Promise.all(names.map((name) => examineEngine(name, openEngine)));
  return {
    rectio: packageVersion(),
    node: process.versions.node,
    ...thisMachine(),
    engine: (await openEngine('auto')).name,
    engines,
  };
}

async function examineEngine(name: string, open: (name: string) => Promise<Engine>): Promise<EngineFinding> {
  try {
    const { device, threads, versions } = await open(name);
    return { name, works: true, device, threads, versions, problem: null, hint: null };
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    const { message: problem, hint } = error;
    return { name, works: false, device: null, threads: null, versions: {}, problem, hint };
  }
}

function report(findings: Findings, output: Output): void {
  const { rectio, node, platform, cpu, cores, memoryGb, engine, engines } = findings;
  output.print(`rectio ${rectio}, Node.js ${node}, ${platform}`);
  output.print(`${cpu}, ${cores} cores, ${memoryGb} GB memory`);
  output.print('');
  for (const { name, works, device, versions, problem, hint } of engines) {
    const chosen = name === engine ? ', used by default' : '';
    const libraries = Object.entries(versions)
      .map(([library, version]) => `, ${library} ${version}`)
      .filter((words) => !device?.includes(words));
    if (works) output.print(`✓ engine ${name}: ${device}${libraries.join('')}${chosen}`);
    else output.print(`✗ engine ${name}: ${problem}\n  ${hint}`);
  }
}
