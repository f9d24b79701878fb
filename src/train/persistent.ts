/** What a program keeps from one step to the next, read out of it and put back. */

import type { Program } from '../engines/engine.js';
import { persistentRoles, type Plan, type TensorSpec } from '../plan/index.js';
import { unusable, type PersistentTensors } from '../run/index.js';

/** Reads the state of a program out of it. */
export async function readPersistent(plan: Plan, program: Program): Promise<PersistentTensors> {
  const all = await Promise.all(
    persistentOf(plan).map(async (spec) => {
      const data = await program.read(spec.name);
      return [spec, { shape: spec.dims, data }] as const;
    }),
  );
  const pick = (wanted: (spec: TensorSpec) => boolean) =>
    new Map(all.filter(([spec]) => wanted(spec)).map(([spec, tensor]) => [spec.name, tensor]));
  return { model: pick(inModel), optimizer: pick((spec) => !inModel(spec)) };
}

/** The first tensor that holds a NaN or an infinity. */
export function firstNotFinite({ model, optimizer }: PersistentTensors): string | undefined {
  for (const [name, { data }] of [...model, ...optimizer]) if (!data.every(Number.isFinite)) return name;
  return undefined;
}

/** Writes a checkpoint's state into a program. @throws RectioError `checkpoint` if it belongs to another network */
export async function writePersistent(
  plan: Plan,
  program: Program,
  tensors: PersistentTensors,
  path: string,
): Promise<void> {
  const specs = persistentOf(plan);
  const stored = new Map([...tensors.model, ...tensors.optimizer]);
  const wanted = new Set(specs.map(({ name }) => name));
  for (const { name, dims } of specs) {
    const found = stored.get(name);
    if (found === undefined) throw unusable(`The checkpoint ${path} has no tensor ${name}: it is of another network`);
    if (found.shape.join() !== dims.join()) {
      throw unusable(
        `The checkpoint ${path} has ${name} in shape [${found.shape.join(', ')}] where the network has ` +
          `[${dims.join(', ')}]: it is of another network`,
      );
    }
  }
  for (const name of stored.keys()) {
    if (!wanted.has(name)) throw unusable(`The checkpoint ${path} has a tensor ${name} that the network does not have`);
  }
  for (const { name } of specs) await program.write(name, stored.get(name)!.data);
}

function persistentOf(plan: Plan): TensorSpec[] {
  return plan.tensors.filter(({ role }) => persistentRoles.has(role));
}

function inModel({ role }: TensorSpec): boolean {
  return role === 'parameter' || role === 'statistic';
}
