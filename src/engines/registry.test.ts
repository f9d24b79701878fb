import { describe, expect, it } from 'vitest';
import { onednnStatus } from './onednn/index.js';
import { engineNames, openEngine } from './registry.js';

describe('openEngine', () => {
  it('knows every engine and auto', () => {
    expect(engineNames).toEqual(['auto', 'onednn', 'reference']);
  });

  it('opens the reference engine anywhere', async () => {
    expect((await openEngine('reference')).name).toBe('reference');
  });

  it('takes the native engine where it loads, else the reference', async () => {
    expect((await openEngine('auto')).name).toBe(onednnStatus().available ? 'onednn' : 'reference');
  });

  it('answers an unknown name with the nearest one', async () => {
    await expect(openEngine('onednm')).rejects.toMatchObject({ code: 'usage', hint: 'Did you mean onednn?' });
    await expect(openEngine('toString')).rejects.toMatchObject({ code: 'usage' });
  });
});
