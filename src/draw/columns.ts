/** Wraps a long sequence into columns. */

/** A unit that is never split across columns. */
export interface Piece {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  /** The section it belongs to. Pieces of one section share a frame within each column. */
  readonly section: number;
}

export interface Measures {
  readonly gap: number;
  /** Height that a section's frame adds to its pieces. */
  readonly frame: number;
  readonly sectionGap: number;
  readonly columnGap: number;
  /** Horizontal space beside the pieces of a column. */
  readonly padding: number;
}

/** The preferred size: as wide as a page of text, and somewhat wider than tall. */
const idealWidth = 940;
const idealRatio = 1.45;
const mostColumns = 12;

/** Cost of splitting a section, expressed as height. */
const tearing = 90;

/** Returns the end index of each column (exclusive). The last one is the number of pieces. */
export function columnEnds(pieces: readonly Piece[], measures: Measures): number[] {
  const heights = pieces.map((_, start) => heightsFrom(pieces, start, measures));
  let best: { score: number; ends: number[] } = { score: Infinity, ends: [pieces.length] };
  let lowest = Infinity;
  for (const ends of partitions(pieces, heights)) {
    const { score, height } = judge(pieces, ends, heights, measures);
    // Another column helps only if it reduces the height.
    if (height > 0.95 * lowest) continue;
    lowest = height;
    if (score < best.score) best = { score, ends };
  }
  return best.ends;
}

/** The height of a column of pieces `start` to `start + i`, for each i. */
function heightsFrom(pieces: readonly Piece[], start: number, { gap, frame, sectionGap }: Measures): number[] {
  let height = 0;
  return pieces.slice(start).map((piece, index) => {
    const before = index === 0 ? undefined : pieces[start + index - 1];
    if (before?.section === piece.section) height += gap;
    else height += frame + (before === undefined ? 0 : sectionGap);
    height += piece.height;
    return height;
  });
}

/** For each number of columns, finds the partition with the lowest tallest column. Splitting a section costs extra. */
function partitions(pieces: readonly Piece[], heights: readonly (readonly number[])[]): number[][] {
  const count = pieces.length;
  /** The best partition of the first `end` pieces; its last column begins at `start`. */
  interface Cell {
    readonly tallest: number;
    readonly cost: number;
    readonly start: number;
  }
  const [alone] = heights;
  const rows: (readonly (Cell | undefined)[])[] = [
    [undefined, ...alone!.map((height) => ({ tallest: height, cost: height, start: 0 }))],
  ];
  while (rows.length < Math.min(mostColumns, count)) {
    const before = rows.at(-1)!;
    rows.push(before.map((_, end) => bestLast(end, before)));
  }
  return rows.map((_, last) => {
    const ends: number[] = [];
    for (let [row, end] = [last, count]; row >= 0; row--) {
      ends.unshift(end);
      end = rows[row]![end]!.start;
    }
    return ends;
  });

  /** The best partition of the first `end` pieces into one column more than in `before`. */
  function bestLast(end: number, before: readonly (Cell | undefined)[]): Cell | undefined {
    let best: Cell | undefined;
    for (let start = 1; start < end; start++) {
      const cell = before[start];
      if (cell === undefined) continue;
      const torn = pieces[start - 1]!.section === pieces[start]!.section ? tearing : 0;
      const tallest = Math.max(cell.tallest, heights[start]![end - start - 1]!);
      const cost = cell.cost - cell.tallest + tallest + torn;
      if (best === undefined || cost < best.cost) best = { tallest, cost, start };
    }
    return best;
  }
}

/** The height of a page with these columns, and its distance from the preferred size (a lower score is better). */
function judge(
  pieces: readonly Piece[],
  ends: readonly number[],
  heights: readonly (readonly number[])[],
  { columnGap, padding }: Measures,
): { score: number; height: number } {
  const starts = [0, ...ends.slice(0, -1)];
  const width = starts.reduce((sum, start, column) => {
    const own = pieces.slice(start, ends[column]);
    const left = Math.max(...own.map((piece) => piece.left));
    const right = Math.max(...own.map((piece) => piece.right));
    return sum + left + right + 2 * padding + (column === 0 ? 0 : columnGap);
  }, 0);
  const columns = starts.map((start, column) => heights[start]![ends[column]! - start - 1]!);
  const height = Math.max(...columns);
  const empty = 1 - columns.reduce((sum, each) => sum + each, 0) / (height * columns.length);
  const tooWide = Math.max(0, Math.log(width / idealWidth));
  return { score: Math.abs(Math.log(width / height / idealRatio)) + 5 * tooWide + 1.5 * empty, height };
}
