import { describe, it } from 'vitest';
import { describeConformance } from '../conformance.js';
import { createOnednnEngine, onednnStatus } from './index.js';

const { available, reason } = onednnStatus();

describe.runIf(available)('with the addon', () => {
  describeConformance('onednn', async () => createOnednnEngine({ threads: 2 }));
});

describe.runIf(!available)('without the addon', () => {
  it('passes the conformance suite', ({ skip }) => {
    skip(`the onednn engine does not load here: ${reason}. \`npm run setup\` builds it`);
  });
});
