// What clients do during a soak: they read, send commands until those are acknowledged, and open and leave streams.
import { z } from "zod";
import type { Founders } from "../../support/client/founders.ts";
import { attachSurely } from "../../support/client/keyed-commands.ts";
import { createLiveClient, describe } from "../../support/client/live-client.ts";
import { register } from "../../support/client/new-member.ts";
import type { Stack } from "../../support/stack/stack.ts";
import { waitFor } from "../../support/wait.ts";
import { runArrivals } from "../arrivals.ts";
import { createLoadClient, type LoadAnswer } from "../http-client.ts";
import { readAuditLog, readInvoice, readOrganization } from "../operations.ts";
import type { Tenant } from "../population.ts";

export interface TrafficOptions {
  readonly stack: Stack;
  readonly tenants: readonly Tenant[];
  readonly founders: Founders;
  readonly seconds: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface TrafficFigures {
  readonly reads: number;
  readonly commands: number;
  /** Reads that were refused by name since something was away. */
  readonly unavailable: number;
  readonly streams: number;
  /** What was answered in any other way, and commands that were never acknowledged. */
  readonly wrong: number;
  readonly samples: readonly string[];
}

const PER_SECOND = 20;
const STREAMS_PER_SECOND = 20;
const COMMANDS = 0.1;
/** Of the commands; the others attach a card. */
const SHARES = { organization: 0.15, registration: 0.1 };
const REGISTRATION_MS = 120_000;
const MAX_SAMPLES = 5;
const READS = [readOrganization, readInvoice, readAuditLog];
const FOLLOW = "subscription($org: ID!) { billingEvents(organizationId: $org) { sequence eventId } }";
/** What a client hears while something that is needed is away. */
const AWAY = /SERVICE_UNAVAILABLE|DEADLINE_EXCEEDED|EVENT_LOG_UNAVAILABLE|socket closed 10(?:01|12|13)/;

/** A refusal for want of room has no data. */
const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ extensions: z.looseObject({ code: z.string() }) })).optional(),
});

/** More organisations than traffic of so many seconds creates, whatever chance says. */
export const mostOrganizations = (seconds: number): number =>
  Math.ceil(20 + 1.5 * seconds * PER_SECOND * COMMANDS * SHARES.organization);

export async function runTraffic({
  stack,
  tenants,
  founders,
  seconds,
  random,
}: TrafficOptions): Promise<TrafficFigures> {
  const client = createLoadClient(stack.url);
  const figures = { reads: 0, commands: 0, unavailable: 0, streams: 0, wrong: 0, samples: [] as string[] };
  const anyTenant = (): Tenant => {
    const tenant = tenants[Math.floor(random() * tenants.length)];
    if (tenant === undefined) throw new Error("a soak needs tenants");
    return tenant;
  };
  const wrong = (what: string, error: unknown) => {
    figures.wrong += 1;
    if (figures.samples.length < MAX_SAMPLES) figures.samples.push(`${what}: ${String(error).slice(0, 400)}`);
  };

  async function read(): Promise<void> {
    const tenant = anyTenant();
    const planned = (READS[Math.floor(random() * READS.length)] ?? readOrganization)(tenant);
    try {
      const answer = await client.post(tenant.member.accessToken, planned.body);
      if (isAway(answer)) figures.unavailable += 1;
      else {
        planned.accept(answerSchema.parse(JSON.parse(answer.text)).data);
        figures.reads += 1;
      }
    } catch (error) {
      wrong(planned.name, error);
    }
  }

  async function command(): Promise<void> {
    const tenant = anyTenant();
    const drawn = random();
    try {
      if (drawn < SHARES.registration) {
        await waitFor(() => register(stack), { what: "a registration", deadlineMs: REGISTRATION_MS });
      } else if (drawn < SHARES.registration + SHARES.organization) {
        await founders.create("Soaked Works");
      } else await attachSurely(tenant.member, tenant);
      figures.commands += 1;
    } catch (error) {
      wrong("a command", error);
    }
  }

  async function comeAndGo(): Promise<void> {
    const { member, organizationId: org } = anyTenant();
    const takesLeave = random() < 0.5;
    const live = createLiveClient({ url: stack.socketUrl, token: member.accessToken });
    try {
      const stream = await live.subscribe(FOLLOW, { org });
      if (stream.ended === undefined) figures.streams += 1;
      else if (!AWAY.test(describe(stream.ended.error))) wrong("a stream", describe(stream.ended.error));
      if (takesLeave) stream.stop();
      else live.drop();
    } catch (error) {
      wrong("a stream", error);
    } finally {
      await live.close();
    }
  }

  try {
    await Promise.all([
      runArrivals({ perSecond: PER_SECOND, seconds, begin: () => (random() < COMMANDS ? command() : read()) }),
      runArrivals({ perSecond: STREAMS_PER_SECOND, seconds, begin: comeAndGo }),
    ]);
  } finally {
    client.close();
  }
  return figures;
}

/** Whether an answer says, by name and nothing else, that something was away. */
function isAway({ text }: LoadAnswer): boolean {
  const { errors = [] } = answerSchema.parse(JSON.parse(text));
  const codes = errors.map(({ extensions }) => extensions.code);
  if (codes.some((code) => !AWAY.test(code))) throw new Error(text.slice(0, 300));
  return codes.length > 0;
}
