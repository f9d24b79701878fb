/** The share of the processor that a control group leaves to this process, as containers and schedulers set it on Linux. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const mount = '/sys/fs/cgroup';

/**
 * How many cores' worth of time this process may use: the least that its control group and those above it allow. Infinity if
 * nothing limits it, or outside Linux.
 */
export function cpuQuota(read: (path: string) => string | undefined = readText): number {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers: controllers.split(','), path }];
  });
  const limits = groups.flatMap(({ controllers, path }) => {
    // The second version has one tree, which names no controllers; in the first each controller has its own.
    if (controllers.join() === '') return ancestors(path).map((group) => quotaOf(read(join(mount, group, 'cpu.max'))));
    if (!controllers.includes('cpu')) return [];
    const trees = [join(mount, controllers.join()), join(mount, 'cpu')];
    return ancestors(path).flatMap((group) =>
      trees.map((tree) => {
        const file = (name: string) => read(join(tree, group, name))?.trim() ?? '';
        return quotaOf(`${file('cpu.cfs_quota_us')} ${file('cpu.cfs_period_us')}`);
      }),
    );
  });
  return Math.min(Number.POSITIVE_INFINITY, ...limits);
}

/** A group and those above it. Within a container the paths of the outside do not exist, but its own root does. */
function ancestors(path: string): string[] {
  return path === '/' ? [path] : [path, ...ancestors(dirname(path))];
}

/** `150000 100000` is one core and a half; `max 100000` and `-1 100000` are no limit. */
function quotaOf(text: string | undefined): number {
  const [quota = Number.NaN, period = Number.NaN] = (text ?? '').trim().split(/\s+/).map(Number);
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
