// What a measured server is asked, and starting one in a process of its own.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";

export const taskSchema = z.discriminatedUnion("ask", [
  /**
   * Viewers `viewer-0` … with a token of that name; each may follow one of the shops. Events are enriched once for all
   * of a shop (ORGANIZATION), as the platform's own fields are, or once per session.
   */
  z.object({
    ask: z.literal("admit"),
    viewers: z.int(),
    shops: z.array(z.string()),
    scope: z.enum(["ORGANIZATION", "VIEWER"]),
  }),
  /** Something to send to everybody: a frame (bare) or an event (stock). */
  z.object({ ask: z.literal("publish"), text: z.string() }),
  /** A new supergraph. */
  z.object({ ask: z.literal("reload"), name: z.string() }),
]);
export type ServerTask = z.infer<typeof taskSchema>;

export const requestSchema = z.object({
  id: z.int(),
  request: z.union([
    taskSchema,
    z.object({ ask: z.literal("figures"), collected: z.boolean() }),
    z.object({ ask: z.literal("stop") }),
  ]),
});
type Request = z.infer<typeof requestSchema>["request"];

const figuresSchema = z.object({
  /** User and system time of the process so far. */
  cpuMs: z.number(),
  /** Resident bytes. */
  rss: z.number(),
  /** The process' own clock, in milliseconds. */
  at: z.number(),
  subscribers: z.int(),
  /** Requests to subgraphs so far. */
  fetches: z.int(),
});
export type ServerFigures = z.infer<typeof figuresSchema>;

export interface MeasuredServer {
  readonly url: string;
  figures(): Pick<ServerFigures, "subscribers" | "fetches">;
  perform(task: ServerTask): void | Promise<void>;
  stop(): Promise<void>;
}

export type ServerKind = "live" | "bare" | "stock";

export interface ServerProcess {
  readonly url: string;
  /** @param collected after a garbage collection, for figures of memory */
  figures(collected?: boolean): Promise<ServerFigures>;
  perform(task: ServerTask): Promise<ServerFigures>;
  stop(): Promise<void>;
  /** SIGKILL: nobody is told. */
  crash(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly eventsUrl?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Performed before anybody is let in. */
  readonly first?: ServerTask;
  /** Folder for a CPU profile of the whole life. */
  readonly profile?: string | undefined;
}

const messageSchema = z.union([
  z.object({ url: z.string() }),
  z.object({ id: z.int(), value: figuresSchema }),
  z.object({ id: z.int(), problem: z.string() }),
]);

export async function startServerProcess(
  kind: ServerKind,
  { eventsUrl = "", port = 0, first, profile }: ServerProcessOptions = {},
): Promise<ServerProcess> {
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  const programArguments = [kind, eventsUrl, String(port), ...(first === undefined ? [] : [JSON.stringify(first)])];
  const child = fork(fileURLToPath(new URL("server-main.ts", import.meta.url)), programArguments, {
    execArgv: ["--expose-gc", ...profiling],
    // What graphql-js costs in production, for all alike.
    env: { ...process.env, NODE_ENV: "production" },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const waiting = new Map<number, PromiseWithResolvers<ServerFigures>>();
  const started = Promise.withResolvers<string>();
  let lastId = 0;
  child.on("message", (raw) => {
    const message = messageSchema.parse(raw);
    if ("url" in message) return started.resolve(message.url);
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if ("problem" in message) asked?.reject(new Error(message.problem));
    else asked?.resolve(message.value);
  });
  child.once("exit", (code) => {
    const error = new Error(`the ${kind} server ended with ${code}`);
    started.reject(error);
    for (const asked of waiting.values()) asked.reject(error);
  });
  const ask = (request: Request): Promise<ServerFigures> => {
    lastId += 1;
    const answer = Promise.withResolvers<ServerFigures>();
    waiting.set(lastId, answer);
    child.send({ id: lastId, request });
    return answer.promise;
  };
  const url = await started.promise;
  return {
    url,
    figures: (collected = false) => ask({ ask: "figures", collected }),
    perform: ask,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) await ask({ ask: "stop" }).catch(() => undefined);
      await exited;
    },
    async crash() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
