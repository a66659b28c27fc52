// The statements that pg's clients of this process send, as they begin and end. Everything is sent and answered as
// without it.
import pg from "pg";

interface WatchedStatements extends Disposable {
  /** Texts of those that began, oldest first. */
  readonly begun: readonly string[];
  /** How many of them were answered, with rows or an error. */
  readonly ended: () => number;
  clear(): void;
}

/** @param pattern which of the statements, e.g. those of one table; others, such as a relay's, go unseen */
export function watchStatements(pattern: RegExp): WatchedStatements {
  const prototype: { query: (...all: never[]) => unknown } = pg.Client.prototype;
  const { query } = prototype;
  const begun: string[] = [];
  let ended = 0;
  prototype.query = function watched(this: pg.Client, ...all: never[]) {
    const text = textOf(all[0]);
    const sent = query.apply(this, all);
    if (text === undefined || !pattern.test(text)) return sent;
    begun.push(text);
    const end = () => {
      ended += 1;
    };
    if (sent instanceof Promise) sent.then(end, end);
    else if (isEmitter(sent)) sent.once("end", end).once("error", end);
    return sent;
  };
  return {
    begun,
    ended: () => ended,
    clear() {
      begun.length = 0;
      ended = 0;
    },
    [Symbol.dispose]() {
      prototype.query = query;
    },
  };
}

function textOf(query: unknown): string | undefined {
  if (typeof query === "string") return query;
  if (typeof query !== "object" || query === null || !("text" in query)) return undefined;
  return typeof query.text === "string" ? query.text : undefined;
}

interface Emitter {
  once(event: "end" | "error", listener: () => void): Emitter;
}

function isEmitter(value: unknown): value is Emitter {
  return typeof value === "object" && value !== null && "once" in value && typeof value.once === "function";
}
