/** Lays out nodes with crossing connections: in rows by the longest path to them, connected by curves. */

import { number, type Canvas, type Layout } from './canvas.js';
import type { Drawn } from './glyphs.js';
import type { Tangle } from './structure.js';

const rowGap = 26;
const columnGap = 18;
/** Width of an edge that passes through a row. */
const passingWidth = 10;

/** A node in its row, or the position where an edge passes through the row. */
interface Cell {
  readonly row: number;
  readonly layout: Layout | undefined;
  /** Positions of the cells above that connect here; −1 is the line that enters the tangle. */
  readonly above: readonly number[];
  x: number;
}

export function tangleLayout({ nodes, inputs, ends }: Tangle, layoutOf: (node: Drawn) => Layout): Layout {
  const { cells, last } = cellsOf(nodes.map(layoutOf), inputs, ends);
  const rows: number[][] = [];
  for (const [index, { row }] of cells.entries()) (rows[row] ??= []).push(index);
  placeCells(cells, rows);

  const heights = rows.map((row) => Math.max(0, ...row.map((index) => cells[index]!.layout?.height ?? 0)));
  const tops = heights.map((_, row) => heights.slice(0, row).reduce((sum, height) => sum + height + rowGap, rowGap));
  const height = heights.reduce((sum, each) => sum + each + rowGap, rowGap);
  const reach = (side: 'left' | 'right') =>
    Math.max(0, ...cells.map(({ x, layout }) => (layout?.[side] ?? passingWidth / 2) + (side === 'left' ? -x : x)));
  return {
    left: reach('left'),
    right: reach('right'),
    height,
    draw: (canvas, x, y) => {
      const bottomOf = (index: number): [number, number] => {
        if (index === -1) return [x, y];
        const { row, layout, x: offset } = cells[index]!;
        return [x + offset, y + tops[row]! + heights[row]! / 2 + (layout?.height ?? heights[row]!) / 2];
      };
      for (const { row, layout, above, x: offset } of cells) {
        const middle = y + tops[row]! + heights[row]! / 2;
        const tall = layout?.height ?? heights[row]!;
        const top = middle - tall / 2;
        for (const source of above) curve(canvas, bottomOf(source), [x + offset, top]);
        if (layout === undefined) canvas.line(`M${number(x + offset)} ${number(top)}v${number(tall)}`);
        else layout.draw(canvas, x + offset, top);
      }
      for (const end of last) curve(canvas, bottomOf(end), [x, y + height]);
    },
  };
}

function curve(canvas: Canvas, [x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): void {
  const middle = number((y0 + y1) / 2);
  canvas.line(
    `M${number(x0)} ${number(y0)}C${number(x0)} ${middle} ${number(x1)} ${middle} ${number(x1)} ${number(y1)}`,
  );
}

/** Lists the nodes at their own positions, then a cell for each row that an edge passes. `last`: cells that lead out. */
function cellsOf(
  layouts: readonly Layout[],
  inputs: Tangle['inputs'],
  ends: Tangle['ends'],
): { cells: Cell[]; last: number[] } {
  const rows: number[] = [];
  for (const each of inputs) rows.push(Math.max(-1, ...each.map((input) => rows[input] ?? -1)) + 1);
  const cells: Cell[] = layouts.map((layout, index) => ({ row: rows[index]!, layout, above: [], x: 0 }));
  const passing = new Map<string, number>();
  const pass = (source: number, row: number): number => {
    if ((rows[source] ?? -1) === row) return source;
    const key = `${source} ${row}`;
    const known = passing.get(key);
    if (known !== undefined) return known;
    const above = [pass(source, row - 1)];
    const index = cells.push({ row, layout: undefined, above, x: 0 }) - 1;
    passing.set(key, index);
    return index;
  };
  for (const [index, each] of inputs.entries()) {
    const above = [...new Set(each)].map((input) => pass(input, rows[index]! - 1));
    cells[index] = { ...cells[index]!, above };
  }
  const bottom = Math.max(...rows);
  return { last: ends.map((end) => pass(end, bottom)), cells };
}

/** Orders the cells of each row by the position of their inputs, and centers the row on the line. */
function placeCells(cells: Cell[], rows: readonly number[][]): void {
  for (const row of rows) {
    const wish = new Map(
      row.map((index) => {
        const { above } = cells[index]!;
        const sum = above.reduce((total, source) => total + (cells[source]?.x ?? 0), 0);
        return [index, sum / Math.max(1, above.length)];
      }),
    );
    row.sort((a, b) => wish.get(a)! - wish.get(b)! || a - b);
    const width = (index: number, side: 'left' | 'right') => cells[index]!.layout?.[side] ?? passingWidth / 2;
    const total =
      row.reduce((sum, index) => sum + width(index, 'left') + width(index, 'right'), 0) + columnGap * (row.length - 1);
    let edge = -total / 2;
    for (const index of row) {
      cells[index]!.x = edge + width(index, 'left');
      edge = cells[index]!.x + width(index, 'right') + columnGap;
    }
  }
}
