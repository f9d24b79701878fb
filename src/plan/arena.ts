/** Places tensors in one block of memory so that tensors with overlapping lifetimes do not share memory. */

import { bytesAlive, type Lifetime } from './lifetimes.js';

export interface ArenaOptions {
  /** Every offset is a multiple of this many bytes; default 64, a cache line. */
  readonly alignment?: number;
  /** Tensor → the tensor whose memory it takes over, both by index; see `takeovers`. */
  readonly takeovers?: ReadonlyMap<number, number>;
}

export interface Arena {
  /** Byte offset of each tensor. */
  readonly offsets: readonly number[];
  /** Size of the whole block. */
  readonly bytes: number;
}

/**
 * Greedy best fit: each tensor in turn goes into the smallest sufficient gap between the tensors placed before it that are
 * alive at the same time. No order of the tensors is best for every plan, so a few are tried and the smallest arena wins.
 * Most often that is the order by breadth (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net
 * inference"), which starts with the tensors that are alive during the call with the most memory in use.
 * @param sizes bytes of each tensor; tensors of size 0 use no memory
 * @param lifetimes of the same tensors, in the same order
 */
export function placeInArena(
  sizes: readonly number[],
  lifetimes: readonly Lifetime[],
  { alignment = 64, takeovers = new Map() }: ArenaOptions = {},
): Arena {
  const align = (size: number): number => Math.ceil(size / alignment) * alignment;
  const { chains, chainOf } = joinChains(sizes.map(align), lifetimes, takeovers);
  const { offsets, bytes } = placeChains(chains);
  return { offsets: chainOf.map((chain) => offsets[chain]!), bytes };
}

/** Tensors that use the same memory one after the other. */
interface Chain extends Lifetime {
  readonly size: number;
}

function joinChains(
  sizes: readonly number[],
  lifetimes: readonly Lifetime[],
  takeovers: ReadonlyMap<number, number>,
): { chains: Chain[]; chainOf: number[] } {
  const origin = (tensor: number): number => {
    const before = takeovers.get(tensor);
    return before === undefined ? tensor : origin(before);
  };
  const chains: Chain[] = [];
  const chainAt = new Map<number, number>();
  const chainOf = sizes.map((size, tensor) => {
    const start = origin(tensor);
    const { first, last } = lifetimes[tensor]!;
    const index = chainAt.get(start) ?? chains.length;
    const so = chains[index] ?? { size, first, last };
    chainAt.set(start, index);
    chains[index] = {
      size: Math.max(so.size, size),
      first: Math.min(so.first, first),
      last: Math.max(so.last, last),
    };
    return index;
  });
  return { chains, chainOf };
}

function placeChains(chains: readonly Chain[]): Arena {
  const sizes = chains.map(({ size }) => size);
  const alive = bytesAlive(sizes, chains);
  const breadth = chains.map(({ first, last }) => alive.slice(first, last + 1).reduce((a, b) => Math.max(a, b), 0));
  const area = chains.map(({ size, first, last }) => size * (last - first + 1));
  const all = chains.map((_, i) => i);
  const orders = [
    all.toSorted((a, b) => breadth[b]! - breadth[a]! || sizes[b]! - sizes[a]! || a - b),
    all.toSorted((a, b) => breadth[b]! - breadth[a]! || sizes[b]! - sizes[a]! || b - a),
    all.toSorted((a, b) => sizes[b]! - sizes[a]! || chains[a]!.first - chains[b]!.first || a - b),
    all.toSorted((a, b) => area[b]! - area[a]! || a - b),
  ];
  return orders
    .map((order) => placeInOrder(order, chains))
    .reduce((best, arena) => (arena.bytes < best.bytes ? arena : best));
}

function placeInOrder(order: readonly number[], chains: readonly Chain[]): Arena {
  const offsets = chains.map(() => 0);
  /** The chains placed so far, sorted by offset. */
  const placed: number[] = [];
  let bytes = 0;
  for (const chain of order) {
    const { size, first, last } = chains[chain]!;
    if (size === 0) continue;
    let offset = -1;
    let smallest = Infinity;
    let end = 0;
    for (const index of placed) {
      const other = chains[index]!;
      if (other.first > last || other.last < first) continue;
      const gap = offsets[index]! - end;
      if (gap >= size && gap < smallest) {
        offset = end;
        smallest = gap;
      }
      end = Math.max(end, offsets[index]! + other.size);
    }
    if (offset < 0) offset = end;
    offsets[chain] = offset;
    bytes = Math.max(bytes, offset + size);
    placed.splice(firstBehind(placed, offsets, offset), 0, chain);
  }
  return { offsets, bytes };
}

/** The index in `placed` of the first chain with a larger offset. */
function firstBehind(placed: readonly number[], offsets: readonly number[], offset: number): number {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[placed[middle]!]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
