/** Numbers and times as the page writes them. */

import type { TrainingsRow } from '../api.js';

export const none = '–';

export function digits(value: number | null, count: number): string {
  return value === null ? none : value.toFixed(count);
}

export function when(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
}

/** How far a study or campaign is, in words. */
export function progressText({ id, done, trials, running, failed }: TrainingsRow): string {
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `${id}: ${done} of ${trials} trainings done, ${running} running${failures}`;
}

export const runLink = (id: string): string => `#/run/${encodeURIComponent(id)}`;
/** Two runs, their curves laid over each other. */
export const overlayLink = (id: string, other: string): string => `${runLink(id)}/${encodeURIComponent(other)}`;
export const studyLink = (id: string): string => `#/study/${encodeURIComponent(id)}`;
export const campaignLink = (id: string): string => `#/campaign/${encodeURIComponent(id)}`;
export const api = (path: string, id: string, more = ''): string => `./api/${path}?id=${encodeURIComponent(id)}${more}`;
