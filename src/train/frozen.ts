/** Training the classifier alone for the first epochs, while all other weights stay as the file of weights has them. */

import { readPersistent } from './persistent.js';
import type { Programs } from './programs.js';

/**
 * The programs that train all weights, in the state of those that trained the classifier. What only they keep begins anew:
 * momentum at zero, averages at the weights.
 */
export async function thaw(programs: Programs): Promise<Programs> {
  const { thawed } = programs;
  if (thawed === null) throw new Error('Only frozen programs thaw.');
  const { model, optimizer } = await readPersistent(programs.plan, programs.training);
  const { plan, training } = thawed;
  for (const { name, role, of } of plan.tensors) {
    const source = model.get(name) ?? optimizer.get(name);
    const weights = role === 'average' && of !== undefined ? model.get(plan.tensors[of]!.name) : undefined;
    const tensor = source ?? weights;
    if (tensor !== undefined) await training.write(name, tensor.data);
  }
  return thawed;
}
