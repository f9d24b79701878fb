/** Signals that ask a training to stop: the first finishes the step, a second one stops at once. */

import { constants } from 'node:os';
import { basename } from 'node:path';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGUSR1' | 'SIGHUP';

export interface Stopping {
  readonly signal: AbortSignal;
  /** The first signal, if any. */
  received(): StopSignal | undefined;
  /** Asks to stop without a signal. */
  stop(): void;
  /** Restores Node's own handling of the signals. */
  release(): void;
}

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGHUP'];

/**
 * Whether nohup or setsid started this process, so that it outlives its terminal. Node resets the ignored SIGHUP that nohup
 * passes on, so the only trace is the shell's variable for the command that it ran.
 */
function outlivesTerminal(): boolean {
  return ['nohup', 'setsid'].includes(basename(process.env['_'] ?? ''));
}

/** 128 + the signal's number, as shells report it: 130 for SIGINT, 143 for SIGTERM, 138 for SIGUSR1 on Linux, 129 for SIGHUP. */
export function signalExitCode(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/** Listens for the signals. `first` is called with the first one, to tell the user what happens next. */
export function listenForSignals(first: (signal: StopSignal) => void): Stopping {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const deaf = outlivesTerminal();
  const handlers = stopSignals.map((signal) => {
    const handler = () => {
      if (signal === 'SIGHUP' && deaf) return;
      if (received !== undefined) process.exit(signalExitCode(signal));
      received = signal;
      controller.abort();
      first(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return {
    signal: controller.signal,
    received: () => received,
    stop: () => controller.abort(),
    release: () => handlers.forEach((off) => off()),
  };
}
