/**
 * A kind of event that this build does not know: its gateway is of a later release. Whoever adds a kind is told by the
 * compiler, here, that its case is missing.
 */
export function unknownEventTitle(_event: never): string {
  return "Something new happened: reload the page to see what";
}
