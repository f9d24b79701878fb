/** Plain tables: columns padded to their widest cell, numbers to the right. */

export { formatCount, formatLarge } from '../../base/numbers.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** The table's lines: titles, a rule, and the rows. A row `null` is another rule. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[] | null)[]): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row?.[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        return align === 'right' ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [line(columns.map(({ title }) => title)), rule, ...rows.map((row) => (row ? line(row) : rule))].join('\n');
}

/** Seconds in readable form: 8 s, 1:05, 2:03:09. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
