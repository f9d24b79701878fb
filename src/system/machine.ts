/** What this machine is, as doctor shows it and a study keeps it. */

import { availableParallelism, cpus, totalmem } from 'node:os';

import { cpuQuota } from './cpu-quota.js';

export interface Machine {
  /** System and architecture: `linux x64`. */
  readonly platform: string;
  /** The processor's name, or `unknown`. */
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
}

/** How many threads can run at once for this process, within the quota of its container. */
export const usableCores = (): number => Math.max(1, Math.floor(Math.min(availableParallelism(), cpuQuota())));

/** The processor's name, or `unknown`. */
const processorName = (): string => cpus()[0]?.model.trim() ?? 'unknown';

/** Processor name and number of cores: what measurements of speed hold for. */
export const processorIdentity = (): readonly [name: string, cores: number] => [processorName(), cpus().length];

/** Bytes of memory that this process may use: those of the machine, or of its container if that allows less. */
export function usableMemory(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

export function thisMachine(): Machine {
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: processorName(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
  };
}
