import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { opKinds, type OpKind } from '../graph/index.js';
import { kernelTable } from '../plan/kernels.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The numbered places of the section "An op" in CONTRIBUTING.md. */
const [, section = ''] = read('CONTRIBUTING.md').split(/^## An op$/m);
const places = [...section.split(/^## /m)[0]!.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path]) => path!);

/** Sources that may name an op; without tests, the networks that tests run on, and the zoo. */
const sources = ['src', 'native']
  .flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  )
  .filter((path) => /\.(ts|cc|hpp)$/.test(path))
  .filter((path) => !/\.test\.ts$|\/testing\/|^src\/zoo\/|^src\/engines\/conformance\/networks\.ts$/.test(path));

/** Files that name the op, its kernel or its gradient, also within a name such as `makeLocalResponseNorm`. */
function naming(kind: OpKind): string[] {
  const name = new RegExp(`(?<![a-z])${kind}(?![a-z])|${kind[0]!.toUpperCase()}${kind.slice(1)}(?![a-z])`);
  return sources.filter((path) => name.test(read(path)));
}

const placeOf = (path: string): string =>
  places.find((place) => path === place || (place.endsWith('/') && path.startsWith(place))) ?? path;

describe('the list in CONTRIBUTING.md of the files that name an op', () => {
  it('has at most 14 entries', () => {
    expect(places.length).toBeLessThanOrEqual(14);
    expect(new Set(places).size).toBe(places.length);
  });

  it.each(['localResponseNorm', 'adaptiveAveragePool', 'channelShuffle'] as const)(
    'matches the files that name %s',
    (kind) => {
      expect(opKinds).toContain(kind);
      expect(kernelTable).toHaveProperty(kind);
      expect(naming(kind).map(placeOf).toSorted()).toEqual(places.toSorted());
    },
  );
});
