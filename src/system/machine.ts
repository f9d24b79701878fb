/** What this machine is, as doctor shows it and a study keeps it. */

import { cpus, totalmem } from 'node:os';

export interface Machine {
  /** System and architecture: `linux x64`. */
  readonly platform: string;
  /** The processor's name, or `unknown`. */
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
}

export function thisMachine(): Machine {
  const processors = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
  };
}
