/** Rule tables: one function for each kind of a union, and the one way in which a table is applied. */

/** A member of a union that `kind` tells apart. */
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
 * TypeScript does not see that the rule found under a value's kind takes that very value, so this function casts, in
 * place of every caller.
 */
export function applyRule<Union extends Tagged, Arguments extends readonly unknown[], Result>(
  rules: Rules<Union, Arguments, Result>,
  value: Union,
  ...rest: Arguments
): Result {
  const rule = rules[value.kind as Union['kind']] as (value: Union, ...rest: Arguments) => Result;
  return rule(value, ...rest);
}

/** One column of a table that has a row for every kind: the entry `name` of each row. */
export function column<
  Name extends string,
  Table extends { readonly [kind: string]: { readonly [N in Name]: unknown } },
>(table: Table, name: Name): { readonly [Kind in keyof Table]: Table[Kind][Name] } {
  const entries = Object.entries(table).map(([kind, row]) => [kind, row[name]]);
  return Object.fromEntries(entries) as { readonly [Kind in keyof Table]: Table[Kind][Name] };
}
