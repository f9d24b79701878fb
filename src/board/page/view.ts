/** What a view is to the page around it. */

import type { Changes } from '../api.js';

export interface View {
  readonly title: string;
  readonly node: HTMLElement;
  /** Something changed on the disk. */
  change(changes: Changes): void | Promise<void>;
  close(): void;
}
