/** Shows a download: a bar on a terminal, a line every ten percent elsewhere. */

import type { DownloadProgress } from '../data/index.js';
import type { Screen } from './output.js';

export interface TransferProgress {
  show(progress: DownloadProgress): void;
  clear(): void;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

export function createTransferProgress(screen: Screen, now: () => number = () => performance.now()): TransferProgress {
  let drawnAt = -Infinity;
  let shown = false;
  /** File and tenth that the last plain line told of. */
  let told = '';
  const words = ({ received, total }: DownloadProgress) =>
    total === undefined ? `${megabytes(received)} MB` : `${megabytes(received)} of ${megabytes(total)} MB`;
  return {
    show(progress) {
      const { file, received, total } = progress;
      const share = total === undefined || total === 0 ? 0 : received / total;
      if (screen.terminal) {
        if (now() - drawnAt < 100) return;
        drawnAt = now();
        const room = screen.columns() - 1;
        screen.write(`\r${`${Math.floor(share * 100)} %  ${words(progress)}  ${file}`.slice(0, room)}\u001b[K`);
        shown = true;
        return;
      }
      const tenth = `${file} ${Math.floor(share * 10)}`;
      if (tenth === told) return;
      told = tenth;
      screen.write(`${file}: ${words(progress)}\n`);
    },
    clear() {
      if (shown) screen.write('\r\u001b[K');
      shown = false;
    },
  };
}
