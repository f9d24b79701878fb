import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    // The house is built for two cores, and some tests compute on both.
    pool: 'threads',
    maxWorkers: 2,
    // A machine that is busy with other things is slow, not wrong.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Colors and terminal width of the machine must not reach what tests compare.
    env: { NO_COLOR: '1', RECTIO_DEBUG: '' },
  },
});
