/** Segments: the regions of a network within which a pattern continues. */

import type { Part } from './sites.js';

/** Where the pattern starts again: never, at every stage, or at every block. */
export type Scope = 'network' | 'stage' | 'block';

export const scopes: readonly Scope[] = ['network', 'stage', 'block'];

/** The stage, block and part of a node or site. */
export interface Position {
  readonly stage?: string;
  readonly block?: string;
  readonly part: Part;
}

/** The name of a position's segment. A node outside all blocks belongs to its stage's segment, or else to its part's. */
export const segmentRules: { readonly [S in Scope]: (position: Position) => string } = {
  network: () => '',
  stage: ({ stage, part }) => stage ?? part,
  block: ({ stage, block, part }) => block ?? stage ?? part,
};
