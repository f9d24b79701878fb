import { describe, expect, it, vi } from 'vitest';

import { openDecoder } from './decode.js';
import { failureOf } from './testing/fixtures.js';

vi.mock('sharp', () => {
  throw new Error('Could not load the "sharp" module using the runtime of this machine');
});

describe('decoding without sharp', () => {
  it('names the missing package and how to install it', async () => {
    const error = await failureOf(() =>
      openDecoder({ size: 32, shortSide: 32, whole: false, interpolation: 'lanczos' }),
    );
    expect(error.code).toBe('data');
    expect(error.message).toContain('need the package sharp');
    expect(error.hint).toContain('npm install sharp');
  });
});
