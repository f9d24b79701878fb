/** The last line of a terminal: progress redraws it, and lines that are printed push it down. */

import type { Screen } from './output.js';
import { wrapText } from './wrap.js';

export interface StatusLine {
  /** Redraws it. Only for a terminal; `text` is at most as wide as `roomIn` allows. */
  draw(text: string): void;
  /** Removes it, so that other text can follow. */
  clear(): void;
  /** Prints a line that stays. */
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
      screen.write(`${screen.terminal ? wrapText(text, screen.columns()) : text}\n`);
    },
  };
}

/** How many characters a line holds. The last column stays free: some terminals wrap when it is written. */
export function roomIn(screen: Screen): number {
  return screen.columns() - 1;
}

/** Cuts a text to what fits on a line. */
export function cut(text: string, screen: Screen): string {
  return text.slice(0, roomIn(screen));
}
