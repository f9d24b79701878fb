/** The cases of every kernel. Total over the kinds: the code does not compile if a kernel has no cases in any family. */

import { channelNormTable } from './conformance/channel-norms.js';
import { convolutionTable } from './conformance/convolution.js';
import { elementwiseTable } from './conformance/elementwise.js';
import { linearTable } from './conformance/linear.js';
import { batchNormTable } from './conformance/normalization.js';
import { poolingTable } from './conformance/pooling.js';
import { structureTable } from './conformance/structure.js';
import { updateTable } from './conformance/update.js';
import type { CaseTable } from './conformance/fragment.js';

export const conformanceCases: CaseTable = {
  ...convolutionTable,
  ...elementwiseTable,
  ...channelNormTable,
  ...linearTable,
  ...batchNormTable,
  ...poolingTable,
  ...structureTable,
  ...updateTable,
};
