/** Signals that ask a training to stop: the first finishes the step, a second one stops at once. */

import { constants } from 'node:os';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGUSR1';

export interface Stopping {
  readonly signal: AbortSignal;
  /** The signal that came first, if one came. */
  received(): StopSignal | undefined;
  /** Asks to stop for another reason. */
  stop(): void;
  /** Gives the signals back to Node. */
  release(): void;
}

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGUSR1'];

/** 128 + the signal's number, as shells report it: 130 for SIGINT, 143 for SIGTERM, 138 for SIGUSR1 on Linux. */
export function signalExitCode(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/** Listens for the signals. `first` is told which one came, to say what happens now. */
export function listenForSignals(first: (signal: StopSignal) => void): Stopping {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const handlers = stopSignals.map((signal) => {
    const handler = () => {
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
