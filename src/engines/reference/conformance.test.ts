import { describeConformance } from '../conformance.js';
import { createReferenceEngine } from './index.js';

describeConformance('reference', async () => createReferenceEngine(), { zoo: false });
