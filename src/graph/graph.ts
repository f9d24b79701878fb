/** The network as plain, immutable data. A Graph survives `JSON.parse(JSON.stringify(graph))` unchanged. */

import type { Op } from './op.js';

/**
 * Where a node belongs in the architecture. Used for rewriting and drawing, never for computing.
 * A stage is a run of blocks of one resolution (`layer1`), a block the unit that a network repeats (`layer1.0`).
 */
export interface Place {
  readonly stage?: string;
  readonly block?: string;
  /** `stem` comes before the first stage, `shortcut` is a projection beside the main path, `head` the classifier. */
  readonly role?: 'stem' | 'shortcut' | 'head';
}

export interface Node {
  /** Unique; hierarchical with dots, as in torchvision's state_dict: `layer1.0.conv1`. */
  readonly name: string;
  readonly op: Op;
  /** Names of earlier nodes. */
  readonly inputs: readonly string[];
  readonly place: Place;
}

/** Nodes are in topological order: each comes after all of its inputs. The last node is the output. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
}
