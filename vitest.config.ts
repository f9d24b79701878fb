import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    // The house is built for two cores, and some tests compute on both.
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Colors and terminal width of the machine must not reach what tests compare.
    env: { NO_COLOR: '1', RECTIO_DEBUG: '' },
  },
});
