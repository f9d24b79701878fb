/** A short text for any value out of JSON, for messages. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text =
    typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? `'${value}'` : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
