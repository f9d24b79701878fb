/** Finds the sites that the option `drop` lists by name. */

import { RectioError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import { matching } from '../base/wildcard.js';
import type { Graph } from '../graph/index.js';
import type { Site } from './sites.js';

/**
 * The names of the sites that match the listed names; `*` matches any characters and `?` a single one.
 * @throws RectioError `usage` for a name that matches no site, with what it is instead or similar names.
 */
export function listedSites(
  listed: readonly string[],
  {
    graph,
    taking,
    others,
  }: { readonly graph: Graph; readonly taking: readonly Site[]; readonly others: readonly Site[] },
): ReadonlySet<string> {
  const names = taking.map(({ name }) => name);
  return new Set(
    listed.flatMap((pattern) => {
      const found = matching(pattern, names);
      if (found.length === 0) throw noSite(pattern, { graph, names, others });
      return found;
    }),
  );
}

function noSite(
  pattern: string,
  {
    graph,
    names,
    others,
  }: { readonly graph: Graph; readonly names: readonly string[]; readonly others: readonly Site[] },
): RectioError {
  const aside = others.find(({ name }) => matching(pattern, [name]).length > 0);
  if (aside !== undefined) {
    return new RectioError(
      'usage',
      `${aside.name} is a site of the ${aside.part}, which takes no part in the ratio`,
      `Let it take part as well (\`${aside.part}\`).`,
    );
  }
  const node = graph.nodes.find(({ name }) => name === pattern);
  const near = nearest(pattern, names);
  const some = names.length > 4 ? [...names.slice(0, 3), '…', names.at(-1)!] : names;
  return new RectioError(
    'usage',
    node === undefined
      ? `Network ${graph.name} has no site '${pattern}'`
      : `${pattern} of network ${graph.name} is not a site but a node of kind ${node.op.kind}`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Its sites are ${some.join(', ')}.`,
  );
}
