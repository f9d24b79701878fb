/** Rule tables, which hold one function per kind of a union, and the function that applies them. */

/** A member of a union that is discriminated by `kind`. */
interface Tagged {
  readonly kind: string;
}

/** One rule for every kind of `Union`. The compiler names the kinds that a table lacks. */
export type Rules<Union extends Tagged, Arguments extends readonly unknown[], Result> = {
  readonly [Kind in Union['kind']]: (value: Extract<Union, { kind: Kind }>, ...rest: Arguments) => Result;
};

/**
 * Applies the rule for the kind of `value`.
 *
 * TypeScript cannot see that the rule for a value's kind accepts that value. This function casts, so its callers need
 * not.
 */
export function applyRule<Union extends Tagged, Arguments extends readonly unknown[], Result>(
  rules: Rules<Union, Arguments, Result>,
  value: Union,
  ...rest: Arguments
): Result {
  const rule = rules[value.kind as Union['kind']] as (value: Union, ...rest: Arguments) => Result;
  return rule(value, ...rest);
}

/** One column of a table with a row per kind: the entry `name` of each row. */
export function column<
  Name extends string,
  Table extends { readonly [kind: string]: { readonly [N in Name]: unknown } },
>(table: Table, name: Name): { readonly [Kind in keyof Table]: Table[Kind][Name] } {
  const entries = Object.entries(table).map(([kind, row]) => [kind, row[name]]);
  return Object.fromEntries(entries) as { readonly [Kind in keyof Table]: Table[Kind][Name] };
}
