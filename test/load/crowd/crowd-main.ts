// The process of a crowd: calls as it was told, and one line with the figures when all are answered.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { seededRandom } from "../../support/seeded-random.ts";
import { runArrivals } from "../arrivals.ts";
import { createLoadClient, type LoadAnswer } from "../http-client.ts";
import { attachCard, type PlannedRequest, readAuditLog, readInvoice, readOrganization } from "../operations.ts";
import { type Crowd, type CrowdFigures, crowdSchema } from "./crowd-figures.ts";

const MAX_SAMPLES = 5;
const READS = [readOrganization, readInvoice, readAuditLog];
/** Of callers who wait for nobody: more than are under way while whoever is refused is told so soon. */
const OPEN_CONNECTIONS = 400;
/** As a patient client has it: longer than any overload that is measured here. */
const MAX_RESENDS = 100;
const REFUSALS = new Set(["SERVICE_UNAVAILABLE", "RATE_LIMITED"]);

const answerSchema = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string().optional() }) }))
    .optional(),
});

type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly waitSeconds: number }
  | { readonly kind: "failed" };

interface Command {
  readonly key: string;
  readonly caller: number;
}

async function run(crowd: Crowd): Promise<CrowdFigures> {
  const client = createLoadClient(crowd.url);
  await client.open(crowd.arrivals.kind === "closed" ? crowd.arrivals.connections : OPEN_CONNECTIONS);
  const random = seededRandom(crowd.arrivals.kind === "open" ? 3 : 4);
  const before = process.cpuUsage();
  const begun = performance.now();
  const figures = {
    reads: [] as number[],
    writes: [] as number[],
    perSecond: [] as number[],
    samples: [] as string[],
    carriedOut: [] as Command[],
    refusedCommands: [] as Command[],
    unknownCommands: [] as Command[],
    ...{ sent: 0, refused: 0, withoutRetryAfter: 0, failed: 0, resent: 0 },
  };
  let nextCaller = 0;

  function judge(planned: PlannedRequest, answer: LoadAnswer): Outcome {
    const { status, text, retryAfterSeconds } = answer;
    if (status === 503 || status === 429) {
      if (retryAfterSeconds === undefined) figures.withoutRetryAfter += 1;
      return { kind: "refused", waitSeconds: retryAfterSeconds ?? 1 };
    }
    const { data, errors = [] } = answerSchema.parse(JSON.parse(text));
    if (errors.length > 0 && errors.every(({ extensions }) => REFUSALS.has(extensions.code ?? ""))) {
      const seconds = errors[0]?.extensions["retryAfterSeconds"];
      return { kind: "refused", waitSeconds: typeof seconds === "number" ? seconds : 1 };
    }
    if (errors.length > 0) throw new Error(`HTTP ${status}: ${JSON.stringify(errors).slice(0, 300)}`);
    planned.accept(data);
    return { kind: "done" };
  }

  async function send(caller: number, planned: PlannedRequest, due: number): Promise<Outcome> {
    figures.sent += 1;
    try {
      const outcome = judge(planned, await client.post(crowd.callers[caller]?.token ?? "", planned.body));
      if (outcome.kind === "refused") figures.refused += 1;
      else {
        figures[planned.kind === "read" ? "reads" : "writes"].push(Math.round((performance.now() - due) * 10) / 10);
        const second = Math.floor((performance.now() - begun) / 1_000);
        figures.perSecond[second] = (figures.perSecond[second] ?? 0) + 1;
      }
      return outcome;
    } catch (error) {
      figures.failed += 1;
      if (figures.samples.length < MAX_SAMPLES)
        figures.samples.push(`${planned.name}: ${String(error)} after ${Math.round(performance.now() - begun)} ms`);
      return { kind: "failed" };
    }
  }

  /** Until it is carried out, where refused commands are sent again. */
  async function command(sent: Command, firstDue: number): Promise<Outcome> {
    const account = crowd.callers[sent.caller];
    if (account === undefined) throw new Error(`there is no caller ${sent.caller}`);
    for (let due = firstDue, tries = 0; ; tries += 1) {
      const outcome = await send(sent.caller, attachCard(account, sent.key), due);
      if (outcome.kind === "refused" && crowd.resend && tries < MAX_RESENDS) {
        await setTimeout(outcome.waitSeconds * 1_000);
        due = performance.now();
        continue;
      }
      if (outcome.kind === "done" && tries > 0) figures.resent += 1;
      const kinds = { done: "carriedOut", refused: "refusedCommands", failed: "unknownCommands" } as const;
      figures[kinds[outcome.kind]].push(sent);
      return outcome;
    }
  }

  function call(due: number): Promise<Outcome> {
    const caller = nextCaller;
    nextCaller = (nextCaller + 1) % crowd.callers.length;
    if (random() < crowd.writes) return command({ key: randomUUID(), caller }, due);
    const read = READS[Math.floor(random() * READS.length)] ?? readOrganization;
    const asked = crowd.callers[caller];
    if (asked === undefined) throw new Error("a crowd needs callers");
    return send(caller, read(asked), due);
  }

  /** Asks again when it is answered. Whoever is refused waits as long as they are told. */
  async function askAgain(): Promise<void> {
    while (performance.now() - begun < crowd.seconds * 1_000 || waiting.length > 0) {
      const next = waiting.shift();
      const outcome = await (next === undefined ? call(performance.now()) : command(next, performance.now()));
      if (outcome.kind === "refused") await setTimeout(outcome.waitSeconds * 1_000);
      if (outcome.kind === "failed") await setTimeout(100);
    }
  }

  const waiting = [...crowd.commands];
  let lateMs: number | null = null;
  if (crowd.arrivals.kind === "closed") {
    await Promise.all(Array.from({ length: crowd.arrivals.connections }, askAgain));
  } else {
    const { perSecond } = crowd.arrivals;
    const { lateness } = await runArrivals({
      perSecond,
      seconds: crowd.seconds,
      begin: async (due) => void (await call(due)),
    });
    lateMs = lateness.percentile(99);
  }
  client.close();
  const { user, system } = process.cpuUsage(before);
  return {
    ...figures,
    perSecond: Array.from(figures.perSecond, (count) => count ?? 0),
    cpuShare: (user + system) / 1_000 / (performance.now() - begun),
    lateMs,
  };
}

const [, , taskFile = ""] = process.argv;
const crowd = crowdSchema.parse(JSON.parse(await readFile(taskFile, "utf8")));
process.stdout.write(`figures ${JSON.stringify(await run(crowd))}\n`);
