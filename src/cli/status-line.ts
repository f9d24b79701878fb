/** The last line of a terminal, which progress draws over and over and plain lines push down. */

import type { Screen } from './output.js';

export interface StatusLine {
  /** Draws it anew. Only for a terminal, and at most as wide as it is less one column. */
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

/** As much of a text as a terminal's line holds. The last column stays free: some terminals wrap when it is written. */
export function cut(text: string, screen: Screen): string {
  return text.slice(0, screen.columns() - 1);
}
