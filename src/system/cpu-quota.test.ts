import { describe, expect, it } from 'vitest';

import { cpuQuota } from './cpu-quota.js';

const quota = (files: { readonly [path: string]: string }) => cpuQuota((path) => files[path]);

describe('the quota of a control group', () => {
  it('is read in both versions, fractions included', () => {
    expect(quota({ '/proc/self/cgroup': '0::/job\n', '/sys/fs/cgroup/job/cpu.max': '150000 100000\n' })).toBe(1.5);
    const first = { '/proc/self/cgroup': '4:cpu,cpuacct:/job\n3:memory:/x\n' };
    const files = { 'cpu.cfs_quota_us': '200000\n', 'cpu.cfs_period_us': '100000\n' };
    for (const tree of ['cpu', 'cpu,cpuacct']) {
      const there = Object.entries(files).map(([name, text]) => [`/sys/fs/cgroup/${tree}/job/${name}`, text]);
      expect(quota({ ...first, ...Object.fromEntries(there) })).toBe(2);
    }
  });

  it('is the least of those above it', () => {
    const files = { '/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/b/cpu.max': '400000 100000' };
    expect(quota({ ...files, '/sys/fs/cgroup/a/cpu.max': '100000 100000' })).toBe(1);
    expect(quota({ ...files, '/sys/fs/cgroup/cpu.max': '200000 100000' })).toBe(2);
  });

  it('is none if nothing says so', () => {
    for (const text of ['max 100000', '-1 100000', '', 'junk', '0 0']) {
      expect(quota({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': text })).toBe(Number.POSITIVE_INFINITY);
    }
    expect(quota({})).toBe(Number.POSITIVE_INFINITY);
    expect(quota({ '/proc/self/cgroup': 'not of this kind' })).toBe(Number.POSITIVE_INFINITY);
  });
});
