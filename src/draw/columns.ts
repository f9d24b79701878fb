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
  for (const ends of partitions(pieces, heights)) {
    const score = scoreOf(pieces, ends, heights, measures);
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
  interface Cell {
    readonly tallest: number;
    readonly cost: number;
    readonly ends: number[];
  }
  let row: (Cell | undefined)[] = Array.from({ length: count + 1 }, (_, end) =>
    end === 0 ? undefined : { tallest: heights[0]![end - 1]!, cost: heights[0]![end - 1]!, ends: [end] },
  );
  const found = [row[count]!.ends];
  for (let columns = 2; columns <= Math.min(mostColumns, count); columns++) {
    const next: (Cell | undefined)[] = [undefined];
    for (let end = 1; end <= count; end++) {
      let best: Cell | undefined;
      for (let start = 1; start < end; start++) {
        const before = row[start];
        if (before === undefined) continue;
        const torn = pieces[start - 1]!.section === pieces[start]!.section ? tearing : 0;
        const tallest = Math.max(before.tallest, heights[start]![end - start - 1]!);
        const cost = before.cost - before.tallest + tallest + torn;
        if (best === undefined || cost < best.cost) best = { tallest, cost, ends: [...before.ends, end] };
      }
      next.push(best);
    }
    row = next;
    found.push(row[count]!.ends);
  }
  return found;
}

/** How far a page of these columns is from what reads best; lower is better. */
function scoreOf(
  pieces: readonly Piece[],
  ends: readonly number[],
  heights: readonly (readonly number[])[],
  { columnGap, padding }: Measures,
): number {
  const starts = [0, ...ends.slice(0, -1)];
  const width = starts.reduce((sum, start, column) => {
    const own = pieces.slice(start, ends[column]);
    const left = Math.max(...own.map((piece) => piece.left));
    const right = Math.max(...own.map((piece) => piece.right));
    return sum + left + right + 2 * padding + (column === 0 ? 0 : columnGap);
  }, 0);
  const height = Math.max(...starts.map((start, column) => heights[start]![ends[column]! - start - 1]!));
  return Math.abs(Math.log(width / height / idealRatio)) + 3 * Math.max(0, Math.log(width / idealWidth));
}
