/** Columns that hold a closed set of words, which a CHECK constraint keeps to the values of a GraphQL enum. */

/** @throws Error for a word that is none of `values`: the constraint and the enum differ */
export function storedEnum<const Value extends string>(values: readonly Value[], text: string): Value {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw new Error(`a column holds ${JSON.stringify(text)}, expected ${values.join(" or ")}`);
  return value;
}
