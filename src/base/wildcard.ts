/** Patterns that users type in place of a list of names. */

/** The regular expression of a pattern in which `*` stands for any characters and `?` for one; all else is literal. */
function expressionOf(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  // Several stars in a row mean what one means, and a regular expression takes very long over several.
  const source = literal.replaceAll(/\*+/g, '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

/** Those of the names that match the pattern as a whole, in their order: `*` stands for any characters, `?` for one. */
export function matching(pattern: string, names: readonly string[]): string[] {
  const expression = expressionOf(pattern);
  return names.filter((name) => expression.test(name));
}
