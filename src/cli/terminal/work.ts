/** Says how much work a study is, and about how long it takes. */

import type { ExpectedTime, PlannedWork } from '../../study/index.js';
import { formatCount, plural } from './table.js';

export interface Work extends PlannedWork {
  /** Null if nothing like it was trained here before. */
  readonly time: ExpectedTime | null;
}

/** `6 trainings, 18 epochs in all, which show 144,000 images; about 3 minutes one after the other, going by 2 finished trainings.` */
export function workSentence({ trainings, epochs, images, time }: Work): string {
  const shown = images === null ? '' : `, which show ${formatCount(images)} images`;
  const how =
    time === null
      ? 'how long that takes shows when the first training is done'
      : `about ${roughly(time.seconds)} one after the other, going by ${plural(time.measured, 'finished training')}`;
  return `${plural(trainings, 'training')}, ${plural(epochs, 'epoch')} in all${shown}; ${how}.`;
}

/** An estimate, with no more digits than it deserves. */
function roughly(seconds: number): string {
  if (seconds < 90) return plural(Math.max(1, Math.round(seconds)), 'second');
  const minutes = seconds / 60;
  return minutes < 90 ? plural(Math.round(minutes), 'minute') : `${(minutes / 60).toFixed(1)} hours`;
}
