/** Limits for values in messages: characters, depth, and items of each list or object. */
const most = { length: 60, depth: 3, parts: 8 };

/** A short text for any value, for messages. Safe to print on a terminal, however large or deep the value is. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = typeof value === 'string' ? `'${value.slice(0, most.length + 1)}'` : brief(value, most.depth);
  const visible = text.replaceAll(/\p{C}/gu, '?');
  return visible.length > most.length ? `${visible.slice(0, most.length - 3)}...` : visible;
}

/** The value as JSON, cut to the limits. */
function brief(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, most.length));
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === 0) return '…';
  const keys = Object.keys(value).slice(0, most.parts);
  const parts = keys.map((key) => [key, brief((value as { [key: string]: unknown })[key], depth - 1)] as const);
  return Array.isArray(value)
    ? `[${parts.map(([, part]) => part).join(',')}]`
    : `{${parts.map(([key, part]) => `${JSON.stringify(key.slice(0, most.length))}:${part}`).join(',')}}`;
}
