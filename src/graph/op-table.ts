/** The op table, joined from the families in `ops/`. */

import { activationOps } from './ops/activations.js';
import { channelOps } from './ops/channels.js';
import { layerOps } from './ops/layers.js';
import { normOps } from './ops/norms.js';
import { poolingOps } from './ops/pooling.js';
import type { OpTable } from './ops/row.js';
import type { ActivationOp, Op, OpKind } from './op.js';

export const opTable = {
  ...layerOps,
  ...normOps,
  ...activationOps,
  ...channelOps,
  ...poolingOps,
} satisfies OpTable;

/** Every kind of op. */
export const opKinds = Object.keys(opTable) as readonly OpKind[];

/** Whether a value is the name of a kind of op. */
export function isOpKind(kind: unknown): kind is OpKind {
  return typeof kind === 'string' && Object.hasOwn(opTable, kind);
}

/** Whether an op is an activation function. */
export function isActivation(op: Op): op is ActivationOp {
  return opTable[op.kind].activation;
}
