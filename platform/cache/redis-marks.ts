/**
 * The marks that entries in Redis depend on: one of the whole cache, one per key, one per tag. To invalidate is to
 * remove a mark, to write it into a short journal, and to tell the other processes, all in one step. A step that failed
 * is done before this process reads Redis again. The mark of the whole cache bears the name of the server's run. A
 * restarted server may bring back an old snapshot, and so may a replica that took over. Their entries are no longer
 * valid, since they may have been invalidated meanwhile.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { RedisConnection } from "../redis/redis-connection.ts";
import { channelOf, encodeNotice } from "./invalidation-notice.ts";
import type { RedisCall } from "./redis-call.ts";
import type { RedisEntry } from "./redis-entry.ts";

export type Marks = RedisEntry["marks"];

export interface RedisMarks {
  /** Those of an entry. */
  of(key: string, tags: readonly string[]): string[];
  /** Are these of an entry that was stored in the server's present run? */
  ofThisRun(marks: Marks): boolean;
  /** Which tags these marks stand for. */
  tagsIn(marks: Marks): string[];
  /**
   * Removes marks: of a key, of tags, or the one of all. Resolves when it is done, or when it is sure that this process
   * waits for it.
   */
  remove(what: { readonly key?: string; readonly tags?: readonly string[]; readonly all?: boolean }): Promise<void>;
  /**
   * Whether Redis may be read: its run is known, and nothing is left that reads would have to be protected from. Tries
   * what is left.
   */
  settle(urgent?: boolean): Promise<boolean>;
  /** Whether something is left, without trying. */
  readonly unsettled: boolean;
  /**
   * The marks as they are now; those that are missing are made. That of the key `anew` is made in any case, and the
   * others are told.
   */
  take(names: () => readonly string[], anew?: string): Promise<Taken | undefined>;
  /**
   * The marks as they are now, unless one of them, or of those in `before`, was removed since. `undefined` when that is
   * not known.
   */
  takeAfter(names: () => readonly string[], before: Taken): Promise<Marks | undefined>;
}

export interface Taken {
  readonly marks: Marks;
  /** The last line of the journal, "" for none. */
  readonly line: string;
}

/** A mark that ends makes its entries misses, once a day. */
const MARK_MS = 86_400_000;
/**
 * Journal lines that are stored and read at most. After more invalidations within one load, its value is not cached.
 */
const JOURNAL_LINES = 2_000;
/** Beyond so many marks left it is cheaper to start over. */
const MOST_LEFT = 5_000;

export function createRedisMarks(
  { client }: RedisConnection,
  { namespace, origin, ask }: { readonly namespace: string; readonly origin: string; readonly ask: RedisCall },
): RedisMarks {
  const whole = `${namespace}:all`;
  const keyPrefix = `${namespace}:key:`;
  const tagPrefix = `${namespace}:tag:`;
  const journal = `${namespace}:journal`;
  const left = new Set<string>();
  /** Of this connection; it is asked anew over each. */
  let run: string | undefined;
  let connections = 0;
  client.on("close", () => {
    connections += 1;
    run = undefined;
  });

  async function learnRun(urgent: boolean): Promise<boolean> {
    if (run !== undefined) return true;
    // Tried again and again while Redis is away: only what somebody wanted to read counts as an error.
    if (urgent && client.status !== "ready") return false;
    const before = connections;
    const answers = await ask(client.pipeline().info("server"), urgent);
    if (answers === undefined || connections !== before) return false;
    run = /^run_id:(\w+)/m.exec(String(answers[0]))?.[1] ?? "unnamed";
    return true;
  }

  const ofRun = () => `${whole}:${run}`;

  const tagsIn = (names: readonly string[]) =>
    names.filter((name) => name.startsWith(tagPrefix)).map((name) => name.slice(tagPrefix.length));

  const noticeOf = (names: readonly string[]) =>
    encodeNotice({
      from: origin,
      all: names.includes(whole),
      keys: names.filter((name) => name.startsWith(keyPrefix)).map((name) => name.slice(keyPrefix.length)),
      tags: tagsIn(names),
    });

  /** One step: whoever sees a mark gone finds it in the journal. */
  function removal(names: readonly string[]) {
    const marks = names.map((name) => (name === whole ? ofRun() : name));
    return client
      .multi()
      .unlink(...marks)
      .xadd(journal, "MAXLEN", "~", JOURNAL_LINES, "*", "marks", JSON.stringify(marks))
      .pexpire(journal, MARK_MS)
      .publish(channelOf(namespace), noticeOf(names));
  }

  async function settle(urgent = false): Promise<boolean> {
    if (!(await learnRun(urgent))) return false;
    if (left.size === 0) return true;
    if (left.size > MOST_LEFT) {
      left.clear();
      left.add(whole);
    }
    const names = [...left];
    const done = (await ask(removal(names), urgent, journal)) !== undefined;
    // Added again: another attempt may have succeeded before this one failed.
    for (const name of names) left[done ? "delete" : "add"](name);
    return left.size === 0;
  }

  function making(names: readonly string[], anew?: string) {
    const commands = anew === undefined ? client.multi() : removal([anew]);
    for (const name of names) commands.set(name, randomUUID(), "PX", MARK_MS, "NX");
    return commands.mget(...names);
  }

  function marksFrom(names: readonly string[], contents: unknown): Marks | undefined {
    if (!Array.isArray(contents)) return undefined;
    // Just made, and still without content: somebody made another type of it.
    const strange = names.filter((_, at) => typeof contents[at] !== "string");
    if (strange.length > 0) void ask(client.pipeline().unlink(...strange), true);
    return strange.length > 0 ? undefined : names.map((name, at) => [name, String(contents[at])]);
  }

  return {
    of: (key, tags) => [ofRun(), `${keyPrefix}${key}`, ...tags.map((tag) => `${tagPrefix}${tag}`)],
    ofThisRun: (marks) => run !== undefined && marks[0]?.[0] === ofRun(),
    tagsIn: (marks) => tagsIn(marks.map(([name]) => name)),
    async remove({ key, tags = [], all = false }) {
      if (all) left.add(whole);
      if (key !== undefined) left.add(`${keyPrefix}${key}`);
      for (const tag of tags) left.add(`${tagPrefix}${tag}`);
      await settle(true);
    },
    settle,
    get unsettled() {
      return left.size > 0 || run === undefined;
    },
    async take(wanted, anew) {
      if (!(await settle())) return undefined;
      const names = wanted();
      const fresh = anew === undefined ? undefined : `${keyPrefix}${anew}`;
      const taking = making(names, fresh).xrevrange(journal, "+", "-", "COUNT", 1);
      const answers = await ask(taking, anew !== undefined, journal);
      const marks = marksFrom(names, answers?.at(-2));
      return marks && { marks, line: linesIn(answers?.at(-1)).at(-1)?.id ?? "" };
    },
    async takeAfter(namesOf, before) {
      if (!(await settle())) return undefined;
      const wanted = namesOf();
      const names = [...new Set([...wanted, ...before.marks.map(([name]) => name)])];
      // The line itself is asked for, too: when it is gone, so may be others after it.
      const from = before.line === "" ? "-" : before.line;
      const answers = await ask(making(names).xrange(journal, from, "+", "COUNT", JOURNAL_LINES), false, journal);
      const marks = marksFrom(names, answers?.at(-2));
      if (marks === undefined) return undefined;
      const lines = linesIn(answers?.at(-1));
      if (lines.length === JOURNAL_LINES || (before.line !== "" && lines.shift()?.id !== before.line)) return undefined;
      // A line that nobody can read may stand for any mark.
      const removed = new Set(lines.flatMap((line) => line.marks ?? wanted));
      const now = new Map(marks);
      const untouched =
        before.marks.every(([name, content]) => now.get(name) === content) && !wanted.some((name) => removed.has(name));
      return untouched ? wanted.map((name) => [name, now.get(name) ?? ""]) : undefined;
    },
  };
}

interface Line {
  readonly id: string;
  readonly marks: readonly string[] | undefined;
}

const lineSchema = z.array(z.string());

/** Of the answer to XRANGE: [id, [field, text]] each. */
function linesIn(answer: unknown): Line[] {
  if (!Array.isArray(answer)) return [];
  return answer.map((line: unknown) => {
    const [id, fields]: unknown[] = Array.isArray(line) ? line : [];
    return { id: String(id), marks: marksIn(Array.isArray(fields) ? fields[1] : undefined) };
  });
}

function marksIn(text: unknown): readonly string[] | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(String(text))).data;
  } catch {
    return undefined;
  }
}
