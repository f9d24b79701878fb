/** How deeply values from files are nested. */

/** No file of ours comes near this; functions that follow a value's nesting fail at some ten thousand. */
const mostLevels = 200;

/** Whether a value is nested more deeply than any that is meant, as one that contains itself is. */
export function isTooDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && isTooDeep(inner, levels - 1)) return true;
  }
  return false;
}
