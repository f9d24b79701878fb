/** Numbers and times as the page writes them. */

export const none = '–';

export function digits(value: number | null, count: number): string {
  return value === null ? none : value.toFixed(count);
}

export function when(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
}

export const runLink = (id: string): string => `#/run/${encodeURIComponent(id)}`;
/** Two runs, their curves laid over each other. */
export const overlayLink = (id: string, other: string): string => `${runLink(id)}/${encodeURIComponent(other)}`;
export const studyLink = (id: string): string => `#/study/${encodeURIComponent(id)}`;
export const campaignLink = (id: string): string => `#/campaign/${encodeURIComponent(id)}`;
export const api = (path: string, id: string, more = ''): string => `./api/${path}?id=${encodeURIComponent(id)}${more}`;
