/** How a long sequence wraps into columns. */

/** What columns are made of: pieces that stay whole. */
export interface Piece {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  /** Which section it belongs to; pieces of one section stand in one frame as far as they are in one column. */
  readonly section: number;
}

export interface Measures {
  readonly gap: number;
  /** What a section's frame adds to the height of its pieces. */
  readonly frame: number;
  readonly sectionGap: number;
  readonly columnGap: number;
  /** What a column needs on either side of its pieces. */
  readonly padding: number;
}

/** The sizes that a reader sees best: as wide as a page of text, and somewhat wider than tall. */
const idealWidth = 940;
const idealRatio = 1.45;
const mostColumns = 12;

/** What it costs, as height, to tear a section apart. */
const tearing = 90;

/** Where each column ends: indices into the pieces, the last one being their number. */
export function columnEnds(pieces: readonly Piece[], measures: Measures): number[] {
  const heights = pieces.map((_, start) => heightsFrom(pieces, start, measures));
  let best: { score: number; ends: number[] } = { score: Infinity, ends: [pieces.length] };
  let lowest = Infinity;
  for (const ends of partitions(pieces, heights)) {
    const { score, height } = judge(pieces, ends, heights, measures);
    // One more column is worth having if it makes the page lower.
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

/** For each number of columns the division whose tallest column is the least tall, sections left whole where they can be. */
function partitions(pieces: readonly Piece[], heights: readonly (readonly number[])[]): number[][] {
  const count = pieces.length;
  /** The best division of the first `end` pieces; `start` is where its last column begins. */
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

  /** The best division of the first `end` pieces into one more column than in `before`. */
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

/** How tall a page of these columns is, and how far from what reads best: a lower score is better. */
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
