/** Signals that ask a training to stop: the first finishes the step, a second one stops at once. */

import { constants } from 'node:os';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGUSR1';

export interface Stopping {
  readonly signal: AbortSignal;
  /** The first signal, if any. */
  received(): StopSignal | undefined;
  /** Asks to stop without a signal. */
  stop(): void;
  /** Restores Node's own handling of the signals. */
  release(): void;
}

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGUSR1'];

/** 128 + the signal's number, as shells report it: 130 for SIGINT, 143 for SIGTERM, 138 for SIGUSR1 on Linux. */
export function signalExitCode(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/** Listens for the signals. `first` is called with the first one, to tell the user what happens next. */
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
