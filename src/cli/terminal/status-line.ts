/** The last line of a terminal, which progress draws over and over and plain lines push down. */

import type { Screen } from './output.js';

export interface StatusLine {
  /** Draws it anew. Only for a terminal, and at most as wide as `roomIn` says. */
  draw(text: string): void;
  /** Takes it away, so that other words can follow. */
  clear(): void;
  /** A line that stays. */
  print(text: string): void;
}

export function statusLine(screen: Screen): StatusLine {
  let shown = false;
  const clear = () => {
    if (shown) screen.write('\r\u001b[K');
    shown = false;
  };
  return {
    draw(text) {
      screen.write(`\r${text}\u001b[K`);
      shown = true;
    },
    clear,
    print(text) {
      clear();
      screen.write(`${text}\n`);
    },
  };
}

/** How many characters a line holds. The last column stays free: some terminals wrap when it is written. */
export function roomIn(screen: Screen): number {
  return screen.columns() - 1;
}

/** As much of a text as a line holds. */
export function cut(text: string, screen: Screen): string {
  return text.slice(0, roomIn(screen));
}
