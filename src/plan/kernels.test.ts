import { expect, it } from 'vitest';
import { kernelTable } from './kernels.js';
import { channelKernels } from './kernels/channels.js';
import { convolutionKernels } from './kernels/convolution.js';
import { elementwiseKernels } from './kernels/elementwise.js';
import { linearKernels } from './kernels/linear.js';
import { normalizationKernels } from './kernels/normalization.js';
import { poolingKernels } from './kernels/pooling.js';
import { updateKernels } from './kernels/update.js';

it('every kernel belongs to one family', () => {
  const families = [
    channelKernels,
    convolutionKernels,
    elementwiseKernels,
    linearKernels,
    normalizationKernels,
    poolingKernels,
    updateKernels,
  ];
  expect(families.flatMap((family) => Object.keys(family)).toSorted()).toEqual(Object.keys(kernelTable).toSorted());
});
