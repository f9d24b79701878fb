/** Wildcard patterns, which users type instead of a list of names. */

/** Compiles a pattern to a regular expression. `*` matches any characters, `?` exactly one; the rest is literal. */
function expressionOf(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  // Consecutive stars mean the same as one, but make a regular expression backtrack for very long.
  const source = literal.replaceAll(/\*+/g, '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

/** The names that match the whole pattern, in their order. `*` matches any characters, `?` exactly one. */
export function matching(pattern: string, names: readonly string[]): string[] {
  const expression = expressionOf(pattern);
  return names.filter((name) => expression.test(name));
}
