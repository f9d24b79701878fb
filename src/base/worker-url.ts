/**
 * Returns the URL of a worker's compiled file. Node starts workers only from JavaScript, so code that runs directly
 * from the TypeScript sources (as the tests do) must name the compiled file: src/x.ts becomes dist/x.js. Delete this
 * file when every supported Node runs TypeScript with `.js` specifiers.
 *
 * @param name the worker's file name without extension; the file is in the caller's folder
 * @param base the caller's `import.meta.url`
 */
export function workerUrl(name: string, base: string): URL {
  const beside = new URL(`./${name}.js`, base);
  if (!base.endsWith('.ts')) return beside;
  const at = beside.href.lastIndexOf('/src/');
  return new URL(`${beside.href.slice(0, at)}/dist/${beside.href.slice(at + '/src/'.length)}`);
}
