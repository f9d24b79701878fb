/** Shows a download: a status line on a terminal, elsewhere a line every ten percent. */

import type { DownloadProgress } from '../../data/index.js';
import type { Screen } from './output.js';
import { cut, statusLine } from './status-line.js';

export interface TransferProgress {
  show(progress: DownloadProgress): void;
  clear(): void;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

export function createTransferProgress(screen: Screen, now: () => number = () => performance.now()): TransferProgress {
  let drawnAt = -Infinity;
  const { draw, clear, print } = statusLine(screen);
  /** The file and tenth that the last plain line reported. */
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
        return draw(cut(`${Math.floor(share * 100)} %  ${words(progress)}  ${file}`, screen));
      }
      const tenth = `${file} ${Math.floor(share * 10)}`;
      if (tenth === told) return;
      told = tenth;
      print(`${file}: ${words(progress)}`);
    },
    clear,
  };
}
