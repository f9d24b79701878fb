/** Places tensors in one block of memory, so that those alive at the same time do not overlap. */

import { bytesAlive, type Lifetime } from './lifetimes.js';

export interface ArenaOptions {
  /** Every offset is a multiple of this many bytes; default 64, a cache line. */
  readonly alignment?: number;
}

export interface Arena {
  /** Byte offset of each tensor. */
  readonly offsets: readonly number[];
  /** Size of the whole block. */
  readonly bytes: number;
}

/**
 * Greedy best fit: the tensors in some order, each into the smallest gap that takes it among those placed before it
 * that live at the same time. No one order is best for every plan, so a few are tried and the smallest arena wins;
 * most often it is the order by breadth (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net
 * inference"), which begins with what lives through the fullest call.
 * @param sizes bytes of each tensor; those of size 0 take no room
 * @param lifetimes of the same tensors, in the same order
 */
export function placeInArena(
  sizes: readonly number[],
  lifetimes: readonly Lifetime[],
  { alignment = 64 }: ArenaOptions = {},
): Arena {
  const rounded = sizes.map((size) => Math.ceil(size / alignment) * alignment);
  const alive = bytesAlive(rounded, lifetimes);
  const breadth = lifetimes.map(({ first, last }) => alive.slice(first, last + 1).reduce((a, b) => Math.max(a, b), 0));
  const area = lifetimes.map(({ first, last }, i) => rounded[i]! * (last - first + 1));
  const all = sizes.map((_, i) => i);
  const orders = [
    all.toSorted((a, b) => breadth[b]! - breadth[a]! || rounded[b]! - rounded[a]! || a - b),
    all.toSorted((a, b) => rounded[b]! - rounded[a]! || lifetimes[a]!.first - lifetimes[b]!.first || a - b),
    all.toSorted((a, b) => area[b]! - area[a]! || a - b),
  ];
  return orders
    .map((order) => placeInOrder(order, rounded, lifetimes))
    .reduce((best, arena) => (arena.bytes < best.bytes ? arena : best));
}

function placeInOrder(order: readonly number[], sizes: readonly number[], lifetimes: readonly Lifetime[]): Arena {
  const offsets = sizes.map(() => 0);
  /** Those placed so far, by offset. */
  const placed: number[] = [];
  let bytes = 0;
  for (const tensor of order) {
    const size = sizes[tensor]!;
    if (size === 0) continue;
    const { first, last } = lifetimes[tensor]!;
    let offset = -1;
    let smallest = Infinity;
    let end = 0;
    for (const other of placed) {
      if (lifetimes[other]!.first > last || lifetimes[other]!.last < first) continue;
      const gap = offsets[other]! - end;
      if (gap >= size && gap < smallest) {
        offset = end;
        smallest = gap;
      }
      end = Math.max(end, offsets[other]! + sizes[other]!);
    }
    if (offset < 0) offset = end;
    offsets[tensor] = offset;
    bytes = Math.max(bytes, offset + size);
    placed.splice(firstBehind(placed, offsets, offset), 0, tensor);
  }
  return { offsets, bytes };
}

/** The place in `placed` of the first tensor with a larger offset. */
function firstBehind(placed: readonly number[], offsets: readonly number[], offset: number): number {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[placed[middle]!]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
