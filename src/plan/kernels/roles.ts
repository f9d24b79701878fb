/** The roles that a tensor may have in each slot of a call. */

import type { KernelCall, KernelKind, TensorRole } from '../plan.js';

type Keys<T> = T extends unknown ? keyof T : never;
type SlotName = Exclude<Keys<KernelCall['in'] | KernelCall['out'] | KernelCall['update']>, `x${number}`>;

const features: readonly TensorRole[] = ['activation', 'input'];

/** Roles by slot. Total over the slots of all kernels. */
const slotRoles: { readonly [S in SlotName]: readonly TensorRole[] } = {
  x: features,
  y: ['activation'],
  dy: ['activation'],
  dy2: ['activation'],
  dx: ['activation'],
  gate: ['activation'],
  dgate: ['activation'],
  addend: features,
  daddend: ['activation'],
  saved: features,
  index: ['activation'],
  logits: ['activation'],
  targets: ['input'],
  dlogits: ['activation'],
  weight: ['parameter'],
  bias: ['parameter'],
  scale: ['parameter'],
  shift: ['parameter'],
  dweight: ['gradient'],
  dbias: ['gradient'],
  gradient: ['gradient'],
  mean: ['small'],
  inverseDeviation: ['small'],
  losses: ['small'],
  correct: ['small'],
  norm: ['small'],
  runningMean: ['statistic'],
  runningVar: ['statistic'],
  parameter: ['parameter'],
  velocity: ['optimizer'],
  firstMoment: ['optimizer'],
  secondMoment: ['optimizer'],
  average: ['average'],
};

/** The roles that a tensor may have in this slot of a kernel of this kind. */
export function rolesAllowed(kind: KernelKind, slot: string): readonly TensorRole[] {
  if (kind === 'movingAverage' && slot === 'x') return ['parameter', 'statistic'];
  if (kind === 'gradientNorm' && slot !== 'norm') return ['gradient', 'activation'];
  return isNamed(slot) ? slotRoles[slot] : features;
}

/** Whether the slot is in the table, that is, not one of x0, x1, … */
function isNamed(slot: string): slot is SlotName {
  return Object.hasOwn(slotRoles, slot);
}
