/** Numbers and times as the page writes them. */

export const none = '–';

export function digits(value: number | null, count: number): string {
  return value === null ? none : value.toFixed(count);
}

export function when(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
}

export const runLink = (id: string): string => `#/run/${encodeURIComponent(id)}`;
export const studyLink = (id: string): string => `#/study/${encodeURIComponent(id)}`;
export const api = (path: string, id: string, more = ''): string => `./api/${path}?id=${encodeURIComponent(id)}${more}`;
