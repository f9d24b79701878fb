/** Plain tables: columns padded to their widest cell, numbers to the right, as wide as the terminal at most. */

import { wrapText } from './wrap.js';

export { formatCount, formatLarge, plural } from '../../base/numbers.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** A column that a narrow terminal can do without; those with the lowest number go first. */
  readonly spare?: number;
}

type Row = readonly string[] | null;

const gap = 2;

/**
 * The table's lines: titles, a rule, and the rows. A row `null` is another rule. If the table is wider than `width`, spare
 * columns are left out; if that is not enough, each row becomes a few lines, one for each cell.
 */
export function formatTable(columns: readonly Column[], rows: readonly Row[], width = Infinity): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row?.[index]?.length ?? 0)),
  );
  const whole = columns.map((_, index) => index);
  const spares = whole
    .filter((index) => columns[index]!.spare !== undefined)
    .sort((a, b) => columns[a]!.spare! - columns[b]!.spare!);
  for (let left = 0; left <= spares.length; left++) {
    const shown = whole.filter((index) => !spares.slice(0, left).includes(index));
    const needed = shown.reduce((sum, index) => sum + widths[index]! + gap, -gap);
    if (needed <= width)
      return grid(
        pick(columns, shown),
        pick(widths, shown),
        rows.map((row) => row && pick(row, shown)),
      );
  }
  return cards(columns, rows, width);
}

function pick<T>(items: readonly T[], indices: readonly number[]): T[] {
  return indices.flatMap((index) => (index < items.length ? [items[index]!] : []));
}

/** What stands where there is nothing to say. */
const nothing = new Set(['', '–']);

/** A row as its first cell, and below it the others with their titles, if they say anything. */
function cards(columns: readonly Column[], rows: readonly Row[], width: number): string {
  return rows
    .flatMap((row) => (row === null ? [] : [row]))
    .map(([head = '', ...cells]) =>
      [
        head,
        ...cells.flatMap((cell, index) =>
          nothing.has(cell.trim()) ? [] : [`  ${columns[index + 1]!.title}: ${cell}`],
        ),
      ].join('\n'),
    )
    .map((card) => wrapText(card, width))
    .join('\n');
}

function grid(columns: readonly Column[], widths: readonly number[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        return align === 'right' ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!);
      })
      .join(' '.repeat(gap))
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join(' '.repeat(gap));
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
