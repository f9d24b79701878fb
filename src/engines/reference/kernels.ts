/** Every kernel of the plan's vocabulary. Its definition is the comment at its call in `plan/plan.ts`. */

import { applyRule, type Rules } from '../../base/rules.js';
import type { KernelCall } from '../../plan/plan.js';
import { activationKernels } from './activation.js';
import { adaptivePoolingKernels } from './adaptive-pooling.js';
import { batchNormKernels } from './batch-norm.js';
import { channelNormKernels } from './channel-norms.js';
import { convolutionKernels } from './convolution.js';
import { linearKernels } from './linear.js';
import { lossKernels } from './loss.js';
import { updateKernels } from './optimizer.js';
import { poolingKernels } from './pooling.js';
import { scalingKernels } from './scaling.js';
import { structureKernels } from './structure.js';
import type { Step } from './tensor.js';

const kernels: Rules<KernelCall, [step: Step], void> = {
  ...activationKernels,
  ...adaptivePoolingKernels,
  ...batchNormKernels,
  ...channelNormKernels,
  ...convolutionKernels,
  ...linearKernels,
  ...lossKernels,
  ...updateKernels,
  ...poolingKernels,
  ...scalingKernels,
  ...structureKernels,
};

/** Carries out one call on the step's tensors. */
export function execute(call: KernelCall, step: Step): void {
  applyRule(kernels, call, step);
}
