/** Wildcard patterns, which users type instead of a list of names. */

/** The names that match the whole pattern, in their order. `*` matches any characters, `?` exactly one. */
export function matching(pattern: string, names: readonly string[]): string[] {
  return names.filter((name) => matches(pattern, name));
}

/**
 * Goes through both once, and comes back only to the last star: what an earlier one stands for never has to change. So the
 * time is at most the product of both lengths, where a regular expression with several stars can take exponentially long.
 */
function matches(pattern: string, name: string): boolean {
  let inPattern = 0;
  let inName = 0;
  let star = -1;
  let afterStar = 0;
  while (inName < name.length) {
    const sign = pattern[inPattern];
    if (sign === '*') {
      star = inPattern++;
      afterStar = inName;
    } else if (sign === '?' || (sign !== undefined && sign === name[inName])) {
      inPattern++;
      inName++;
    } else if (star >= 0) {
      // The last star takes in one more character.
      inPattern = star + 1;
      inName = ++afterStar;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
