// A gateway that lets eight operations run at once, before a subgraph that answers when the test lets it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeServices } from "@apollo/composition";
import { buildSchema, Kind, parse } from "graphql";
import { expect, onTestFinished, test } from "vitest";
import { createLive } from "../../../../gateway/live/index.ts";
import type { GatewaySettings } from "../../../../gateway/ports.ts";
import { forwardedHeaders } from "../../../../gateway/transport/subgraph-headers.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { userWith } from "../../../support/identities.ts";
import { openEventLog } from "../../../support/services/event-log.ts";
import { waitFor } from "../../../support/wait.ts";
import { connect } from "../live/socket-client.ts";
import { bearer, type HttpAnswer, startSignedInGateway } from "../signed-in-gateway.ts";

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"])
  type Query { answer(n: Int!): Int!  report(first: Int!): [Row!]! @listSize(slicingArguments: ["first"]) }
  type Row { value: Int! }
  type Mutation { change: Int! }
`;
const QUERY = "query ($n: Int!) { answer(n: $n) }";
const COMMAND = "mutation { change }";
const REPORT = "{ report(first: 2000) { value } }";

async function startGateway(settings: Partial<GatewaySettings> = {}, sockets = false) {
  const folder = await mkdtemp(join(tmpdir(), "tributary-admission-"));
  const { supergraphSdl, errors } = composeServices([
    { name: "answers", url: "http://answers.invalid", typeDefs: parse(SDL) },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.join("\n"));
  await writeFile(join(folder, "supergraph.graphql"), supergraphSdl);
  /** What the subgraph was asked and has not answered, in the order in which it came. */
  const asked: { readonly what: string; answer(): void }[] = [];
  const world = sockets ? await openEventLog() : undefined;
  const gateway = await startSignedInGateway({
    settings: {
      SUPERGRAPH_FILE: join(folder, "supergraph.graphql"),
      ADMISSION_CONCURRENCY: 8,
      ADMISSION_WAIT_MS: 60_000,
      // Nothing that the test holds is answered before its time.
      REQUEST_TIMEOUT_MS: 120_000,
      SUBGRAPH_TIMEOUT_MS: 120_000,
      ...settings,
    },
    logger: createLogger({ name: "admission-test", level: "silent" }),
    headers: forwardedHeaders,
    authenticate: async (token = "nobody") => ({
      identity: userWith({ userId: token, sessionId: `session-${token}` }),
    }),
    endpoints: [
      {
        name: "answers",
        schema: buildSchema("type Query { answer: Int! }"),
        takeDenial: async () => undefined,
        async handle(_headers, { query }) {
          const { promise, resolve } = Promise.withResolvers<void>();
          const fields = rootFields(query);
          const [{ name } = { name: "" }] = fields;
          asked.push({ what: name, answer: resolve });
          await promise;
          const data = fields.map((field) => [field.key, field.name === "report" ? [{ value: 1 }] : 42]);
          return { status: 200, body: { data: Object.fromEntries(data) } };
        },
      },
    ],
    ...(world === undefined ? {} : { eventLog: world.log, createLive }),
  });
  onTestFinished(async () => {
    for (const { answer } of asked) answer();
    await gateway.stop();
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  let next = 0;
  return {
    url: gateway.url,
    asked,
    /** No two queries are equal: one fetch would answer both. */
    ask(query: string, token: string): Promise<HttpAnswer> {
      next += 1;
      return gateway.post({ query, variables: query === QUERY ? { n: next } : {} }, bearer(token));
    },
    /** Until the signal aborts. */
    send: (query: string, token: string, signal: AbortSignal) =>
      fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...bearer(token) },
        body: JSON.stringify({ query }),
        signal,
      }),
    answerAll() {
      for (const { answer } of asked.splice(0)) answer();
    },
    metric: async (line: string) => (await (await fetch(`${gateway.url}/metrics`)).text()).includes(`${line}\n`),
  };
}

function rootFields(query: string): { readonly name: string; readonly key: string }[] {
  const [operation] = parse(query).definitions;
  const selections = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
  return selections.flatMap((field) =>
    field.kind === Kind.FIELD ? [{ name: field.name.value, key: (field.alias ?? field.name).value }] : [],
  );
}

const times = (count: number) => Array.from({ length: count }, (_, at) => at);

function expectRefusal({ status, headers, body }: HttpAnswer): void {
  expect(status).toBe(503);
  expect(headers.get("content-type")).toContain("json");
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  expect(body.data).toBeUndefined();
  expect(body.errors).toMatchObject([
    {
      message: expect.stringMatching(/nothing was done.*same idempotency key/),
      extensions: { code: "SERVICE_UNAVAILABLE", status: 503, retryable: true },
    },
  ]);
}

test("one caller's flood leaves others their places, and ends in refusals that say when to come back", async () => {
  const gateway = await startGateway({ ADMISSION_WAIT_MS: 300 });
  const refused: HttpAnswer[] = [];
  const flood = times(100).map(async () => {
    const answer = await gateway.ask(COMMAND, "busy");
    if (answer.status !== 200) refused.push(answer);
    return answer.status;
  });
  await waitFor(() => gateway.asked.length === 4, { what: "the flood's part to run" });
  const quiet = gateway.ask(COMMAND, "quiet");
  await waitFor(() => gateway.asked.length === 5, { what: "the other caller's command to run" });
  expect(await gateway.metric("tributary_admission_running 5")).toBe(true);
  await waitFor(() => refused.length === 96, { what: "the others to be refused" });
  gateway.answerAll();
  expect((await quiet).status).toBe(200);
  for (const answer of refused) expectRefusal(answer);
  expect((await Promise.all(flood)).filter((status) => status === 200)).toHaveLength(4);
});

test("commands go before queries, and queries before reports, whoever came first", async () => {
  const gateway = await startGateway();
  const first = times(8).map((at) => gateway.ask(QUERY, `person-${at % 4}`));
  await waitFor(() => gateway.asked.length === 8, { what: "all places to be taken" });
  const waiting = [REPORT, QUERY, COMMAND].map((operation, at) => gateway.ask(operation, `late-${at}`));
  await waitFor(
    async () =>
      (await gateway.metric('tributary_admission_waiting{class="command"} 1')) &&
      (await gateway.metric('tributary_admission_waiting{class="query"} 1')) &&
      (await gateway.metric('tributary_admission_waiting{class="report"} 1')),
    { what: "three to wait" },
  );
  const order: string[] = [];
  for (const what of ["change", "answer", "report"]) {
    const [running] = gateway.asked.splice(0, 1);
    running?.answer();
    await waitFor(() => gateway.asked.length === 8, { what: `the ${what}` });
    order.push(gateway.asked.at(-1)?.what ?? "");
  }
  expect(order).toEqual(["change", "answer", "report"]);
  gateway.answerAll();
  for (const { status } of await Promise.all([...first, ...waiting])) expect(status).toBe(200);
});

test("whoever gives up while they wait is not run", async () => {
  const gateway = await startGateway();
  const running = times(4).map(() => gateway.ask(QUERY, "busy"));
  await waitFor(() => gateway.asked.length === 4, { what: "the caller's part to run" });
  const gone = new AbortController();
  gateway.send(COMMAND, "busy", gone.signal).catch(() => undefined);
  await waitFor(() => gateway.metric('tributary_admission_waiting{class="command"} 1'), { what: "it to wait" });
  gone.abort();
  await waitFor(() => gateway.metric('tributary_admission_waiting{class="command"} 0'), { what: "it to be gone" });
  gateway.answerAll();
  for (const { status } of await Promise.all(running)) expect(status).toBe(200);
  expect(await gateway.metric('tributary_admission_admitted_total{class="command"} 0')).toBe(true);
});

test("whoever gives up while they run gives the place back when it has ended", async () => {
  const gateway = await startGateway();
  const gone = new AbortController();
  const left = times(4).map(() => gateway.send(COMMAND, "busy", gone.signal));
  await waitFor(() => gateway.asked.length === 4, { what: "the caller's part to run" });
  gone.abort();
  await Promise.allSettled(left);
  gateway.answerAll();
  await waitFor(() => gateway.metric("tributary_admission_running 0"), { what: "the places to be free" });
});

test("operations that come over a socket wait in the same lines", async () => {
  const gateway = await startGateway({ ADMISSION_WAIT_MS: 200 }, true);
  const running = times(4).map(() => gateway.ask(COMMAND, "busy"));
  await waitFor(() => gateway.asked.length === 4, { what: "the caller's part to run" });
  const client = await connect(`${gateway.url.replace(/^http/, "ws")}/graphql`);
  await client.init("busy");
  client.send({ id: "one", type: "subscribe", payload: { query: COMMAND } });
  const [refusal] = await client.take("error", "one");
  expect(refusal?.payload).toMatchObject([
    {
      message: expect.stringContaining("same idempotency key"),
      extensions: { code: "SERVICE_UNAVAILABLE", retryable: true, retryAfterSeconds: expect.any(Number) },
    },
  ]);
  gateway.answerAll();
  await Promise.all(running);
  client.close();
});

test("a flood is refused before its bodies are read, and the caller is served again soon after it", async () => {
  const gateway = await startGateway({ ADMISSION_WAIT_MS: 50 });
  const holding = times(4).map(() => gateway.ask(QUERY, "busy"));
  await waitFor(() => gateway.asked.length === 4, { what: "the caller's part to run" });
  await waitFor(
    async () => {
      for (const answer of await Promise.all(times(100).map(() => gateway.ask(QUERY, "busy")))) expectRefusal(answer);
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      return /reason="early"} [1-9]/.test(text);
    },
    { what: "early refusals" },
  );
  gateway.answerAll();
  await Promise.all(holding);
  const served = async () => {
    const answer = gateway.ask(QUERY, "busy");
    await waitFor(() => gateway.asked.length > 0, { what: "it to run", deadlineMs: 500 }).catch(() => undefined);
    gateway.answerAll();
    return (await answer).status === 200;
  };
  await waitFor(served, { what: "the caller to be served again" });
});

test("a browser of another origin can read an early refusal", async () => {
  const origin = "https://app.example";
  const gateway = await startGateway({ ADMISSION_WAIT_MS: 50, ALLOWED_ORIGINS: [origin] });
  const ask = () =>
    fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, ...bearer("busy") },
      body: JSON.stringify({ query: QUERY, variables: { n: 1 } }),
    });
  const holding = times(4).map(() => ask());
  await waitFor(() => gateway.asked.length === 4, { what: "the caller's part to run" });
  const early = await waitFor(
    async () => {
      const answers = await Promise.all(times(100).map(() => ask()));
      // Nothing was counted for it.
      return answers.find(({ status, headers }) => status === 503 && !headers.has("ratelimit-limit"));
    },
    { what: "an early refusal" },
  );
  expect(early.headers.get("access-control-allow-origin")).toBe(origin);
  expect(early.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  expect(Number(early.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(await early.json()).toMatchObject({
    errors: [{ extensions: { code: "SERVICE_UNAVAILABLE", status: 503, retryable: true } }],
  });
  gateway.answerAll();
  await Promise.all(holding);
});
