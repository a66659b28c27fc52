// Live subscribers: sockets that follow an organisation's billing events with fields of two subgraphs, and note when
// each came.
import { WebSocket } from "ws";
import { z } from "zod";
import { waitFor } from "../support/wait.ts";
import type { Tenant } from "./population.ts";

const BILLING_EVENTS = `subscription Billing($org: ID!) { billingEvents(organizationId: $org) {
  sequence type occurredAt actor { displayName }
  event { __typename
    ... on InvoiceChanged { toStatus invoice { id number status } }
    ... on PaymentChanged { toStatus amount { amountMinor currency exponent } }
    ... on SubscriptionChanged { toStatus subscription { id status plan { name } } } } } }`;

const messageSchema = z.object({ type: z.string(), payload: z.unknown().optional() });
const nextSchema = z.object({
  data: z.object({
    billingEvents: z.object({ sequence: z.string(), type: z.string(), occurredAt: z.iso.datetime() }),
  }),
  errors: z.undefined().optional(),
});

interface Frame {
  readonly sequence: number;
  readonly type: string;
  /** From the event's time to its arrival here; both clocks are this machine's. */
  readonly latencyMs: number;
}

export interface Subscriber {
  readonly tenant: Tenant;
  /** Since the last `forget`. */
  readonly frames: readonly Frame[];
  /** Frames with errors or of unexpected shape, and the end of the stream. */
  readonly problems: readonly string[];
  forget(): void;
  close(): void;
}

/** Resolves when the server says where the stream starts. */
export async function subscribe(socketUrl: string, tenant: Tenant): Promise<Subscriber> {
  const socket = new WebSocket(socketUrl, "graphql-transport-ws");
  let frames: Frame[] = [];
  const problems: string[] = [];
  let placed = false;
  let closing = false;
  const send = (message: unknown) => socket.send(JSON.stringify(message));
  socket.on("open", () =>
    send({ type: "connection_init", payload: { Authorization: `Bearer ${tenant.member.accessToken}` } }),
  );
  socket.on("message", (raw) => {
    const arrived = Date.now();
    const { type, payload } = messageSchema.parse(JSON.parse(String(raw)));
    if (type === "connection_ack") {
      send({
        id: "1",
        type: "subscribe",
        payload: { query: BILLING_EVENTS, variables: { org: tenant.organizationId } },
      });
    } else if (type === "ping") {
      if (payload !== undefined) placed = true;
      send({ type: "pong" });
    } else if (type === "next") {
      const parsed = nextSchema.safeParse(payload);
      if (!parsed.success) return void problems.push(`bad frame: ${JSON.stringify(payload).slice(0, 300)}`);
      const { sequence, type: eventType, occurredAt } = parsed.data.data.billingEvents;
      frames.push({ sequence: Number(sequence), type: eventType, latencyMs: arrived - Date.parse(occurredAt) });
    } else if (type !== "pong") {
      problems.push(`${type}: ${JSON.stringify(payload).slice(0, 300)}`);
    }
  });
  socket.on("error", (error) => problems.push(String(error)));
  socket.on("close", (code, reason) => void (closing || problems.push(`closed ${code} ${String(reason)}`)));
  await waitFor(() => placed || problems.length > 0, { what: "a subscription to begin", deadlineMs: 20_000 });
  if (problems.length > 0) throw new Error(`a subscription did not begin: ${problems.join("; ")}`);
  return {
    tenant,
    get frames() {
      return frames;
    },
    problems,
    forget() {
      frames = [];
    },
    close() {
      closing = true;
      socket.close();
    },
  };
}

export interface Delivery {
  readonly expected: number;
  readonly delivered: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  readonly problems: readonly string[];
  readonly latencies: readonly (readonly number[])[];
}

/** The newest sequence among the frames; undefined when none came. */
export const newestSequence = ({ frames }: Subscriber): number | undefined => frames.at(-1)?.sequence;

/**
 * Every subscriber must have every sequence above its organisation's `from` up to its `to`, each once, in order.
 * Events are counted per organisation without gaps, so what is missing was lost.
 */
export function judgeDelivery(
  subscribers: readonly Subscriber[],
  from: ReadonlyMap<Tenant, number>,
  to: ReadonlyMap<Tenant, number>,
): Delivery {
  let expected = 0;
  let delivered = 0;
  let repeated = 0;
  let outOfOrder = 0;
  for (const { tenant, frames } of subscribers) {
    const [low, high] = [from.get(tenant) ?? 0, to.get(tenant) ?? 0];
    const relevant = frames.filter(({ sequence }) => sequence > low && sequence <= high);
    const distinct = new Set(relevant.map(({ sequence }) => sequence));
    expected += high - low;
    delivered += distinct.size;
    repeated += relevant.length - distinct.size;
    outOfOrder += relevant.filter(({ sequence }, index) => sequence < (relevant[index - 1]?.sequence ?? 0)).length;
  }
  return {
    expected,
    delivered,
    repeated,
    outOfOrder,
    problems: subscribers.flatMap(({ problems }) => problems),
    latencies: subscribers.map(({ frames }) => frames.map(({ latencyMs }) => latencyMs)),
  };
}
