/** Which of the caller's organisations an operation speaks of: those whose ids it holds. */

/**
 * @param variables as they came
 * @param text of the operation's document
 * @param own the caller's organisations; a single one is meant in any case
 */
export function namedOrganizations(
  variables: Readonly<Record<string, unknown>>,
  text: string | undefined,
  own: readonly string[],
): readonly string[] {
  if (own.length < 2) return own;
  const named = new Set(own.filter((id) => text?.includes(id) === true));
  const ids = new Set(own);
  // Not by recursion: they may be nested deeper than the stack is.
  const left: unknown[] = [variables];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "string" && ids.has(value)) named.add(value);
    else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) left.push(item);
  }
  return [...named];
}
