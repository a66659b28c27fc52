// One request over every transport that can say it, and how it fared on each.
import { z } from "zod";
import { waitFor } from "../../../support/wait.ts";
import { connect } from "../live/socket-client.ts";

export type Payload = Readonly<Record<string, unknown>>;

/** The first thing that was said: data or where a stream starts, or the first error. */
export interface Outcome {
  /** `answered`, or the code of the error. */
  readonly kind: string;
  readonly message?: string;
  readonly path?: readonly unknown[];
  /** That the error stands for. */
  readonly status?: number;
}

export interface Everywhere {
  /** Address of the gateway. */
  readonly url: string;
  readonly token?: string;
}

export const JSON_TYPE = "application/json";
export const SSE = "text/event-stream";
export const MULTIPART = 'multipart/mixed;subscriptionSpec="1.0"';

const ACCEPTED: Readonly<Record<string, string>> = {
  JSON: JSON_TYPE,
  "GraphQL JSON": "application/graphql-response+json",
  SSE,
  multipart: MULTIPART,
  "multipart or JSON": `${MULTIPART}, ${JSON_TYPE}`,
};

/** By transport; left out are those that cannot say it: an address has no types, and no mutations. */
export async function askEverywhere(on: Everywhere, payload: Payload): Promise<Readonly<Record<string, Outcome>>> {
  const ways: [string, Promise<Outcome>][] = [["a socket", overSocket(on, payload)]];
  const address = addressOf(payload);
  for (const [name, accept] of Object.entries(ACCEPTED)) {
    ways.push([`POST, ${name}`, post(on, payload, accept)]);
    if (address !== undefined) ways.push([`GET, ${name}`, get(on, address, accept)]);
  }
  return Object.fromEntries(await Promise.all(ways.map(async ([way, outcome]) => [way, await outcome] as const)));
}

/** In an address every value is a text. */
function addressOf(payload: Payload): URLSearchParams | undefined {
  const address = new URLSearchParams();
  for (const [name, value] of Object.entries(payload)) {
    if (value === undefined || value === null) continue;
    if (name === "variables" || name === "extensions") address.set(name, value === "" ? "" : JSON.stringify(value));
    else if (typeof value !== "string" || value.startsWith("mutation")) return undefined;
    else address.set(name, value);
  }
  return address;
}

const authorized = ({ token }: Everywhere) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

async function post(on: Everywhere, payload: Payload, accept: string): Promise<Outcome> {
  const headers = { accept, "content-type": JSON_TYPE, ...authorized(on) };
  return outcomeOf(await fetch(`${on.url}/graphql`, { method: "POST", headers, body: JSON.stringify(payload) }));
}

async function get(on: Everywhere, address: URLSearchParams, accept: string): Promise<Outcome> {
  const plain = accept.includes("json") ? { "apollo-require-preflight": "1" } : {};
  return outcomeOf(await fetch(`${on.url}/graphql?${address}`, { headers: { accept, ...plain, ...authorized(on) } }));
}

async function outcomeOf(response: Response): Promise<Outcome> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const error = firstError(text);
    // Leaving the loop closes the connection.
    if (error !== undefined) return error;
    if (/"data":\{|^id: \S|^tributary-cursor: \S/m.test(text)) return { kind: "answered" };
  }
  throw new Error(`the answer ended without saying anything: ${text}`);
}

/** Of a plain answer, or of the first message of a stream that has errors. */
function firstError(text: string): Outcome | undefined {
  for (const line of text.split(/\r?\n/)) {
    const failed = failedSchema.safeParse(parsed(line.replace(/^data: /, "")));
    if (failed.success)
      return outcomeOfFirst("payload" in failed.data ? failed.data.payload.errors : failed.data.errors);
  }
  return undefined;
}

/** @returns `undefined` for what is no JSON, or none yet */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const errorsSchema = z.tuple(
  [
    z.object({
      message: z.string(),
      path: z.array(z.union([z.string(), z.number()])).optional(),
      extensions: z.looseObject({ code: z.string(), status: z.number().optional() }),
    }),
  ],
  z.unknown(),
);
const answerSchema = z.object({ errors: errorsSchema });
const failedSchema = z.union([answerSchema, z.object({ payload: answerSchema })]);

function outcomeOfFirst([{ message, path, extensions }]: z.infer<typeof errorsSchema>): Outcome {
  const { code, status } = extensions;
  return { kind: code, message, ...(path === undefined ? {} : { path }), ...(status === undefined ? {} : { status }) };
}

async function overSocket({ url, token }: Everywhere, payload: Payload): Promise<Outcome> {
  const client = await connect(`${url.replace("http", "ws")}/graphql`);
  await client.init(token);
  client.send({ id: "a", type: "subscribe", payload });
  const outcome = await waitFor(
    (): Outcome | undefined => {
      const [refused] = client.of("error", "a");
      if (refused !== undefined) return outcomeOfFirst(errorsSchema.parse(refused.payload));
      const [next] = client.of("next", "a");
      if (next?.payload.errors !== undefined) return outcomeOfFirst(errorsSchema.parse(next.payload.errors));
      const begun = client.messages.some(({ payload: ping }) => ping?.tributary?.cursors?.a !== undefined);
      if (next !== undefined || begun) return { kind: "answered" };
      return client.socket.readyState === client.socket.OPEN ? undefined : { kind: "closed" };
    },
    { what: "an answer over a socket" },
  );
  client.close();
  return outcome;
}

/** Every transport's outcome, where all are this one. */
export function everywhere(outcomes: Readonly<Record<string, unknown>>, outcome: unknown) {
  return Object.fromEntries(Object.keys(outcomes).map((way) => [way, outcome]));
}
