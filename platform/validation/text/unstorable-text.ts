/**
 * What no store of ours can hold, anywhere in a JSON value: half a character (an unpaired surrogate), which is no UTF-8
 * and no canonical JSON (RFC 8785), and U+0000, which is no text of Postgres.
 */

/** @returns what was found, in words; undefined when all of it can be stored */
export function unstorableText(value: unknown): string | undefined {
  // A stack of its own: a value may be nested deeper than functions can call each other.
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === "string") {
      const problem = problemOf(next);
      if (problem !== undefined) return problem;
    } else if (Array.isArray(next)) {
      for (const item of next) waiting.push(item);
    } else if (typeof next === "object" && next !== null) {
      for (const [name, member] of Object.entries(next)) waiting.push(name, member);
    }
  }
  return undefined;
}

function problemOf(text: string): string | undefined {
  if (!text.isWellFormed()) return "half a character (an unpaired surrogate)";
  return text.includes("\0") ? "the character U+0000" : undefined;
}
