/** How many signs of a value a message shows, how deep it looks into it, and at how many parts of each list. */
const most = { length: 60, depth: 3, parts: 8 };

/** A short text for any value out of JSON, for messages; harmless to a terminal, however large or deep the value is. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = typeof value === 'string' ? `'${value.slice(0, most.length + 1)}'` : brief(value, most.depth);
  const visible = text.replaceAll(/\p{C}/gu, '?');
  return visible.length > most.length ? `${visible.slice(0, most.length - 3)}...` : visible;
}

/** As JSON writes it, as far as a message goes. */
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
