/**
 * Where a worker's compiled file lies. Node starts workers from JavaScript only, so code that runs straight from the
 * TypeScript sources (as the tests do) has to name the compiled twin: src/x.ts becomes dist/x.js. Delete this file once
 * every supported Node runs TypeScript with `.js` specifiers by itself.
 *
 * @param name the worker's file name without ending, beside the module that asks
 * @param base that module's `import.meta.url`
 */
export function workerUrl(name: string, base: string): URL {
  const beside = new URL(`./${name}.js`, base);
  if (!base.endsWith('.ts')) return beside;
  const at = beside.href.lastIndexOf('/src/');
  return new URL(`${beside.href.slice(0, at)}/dist/${beside.href.slice(at + '/src/'.length)}`);
}
