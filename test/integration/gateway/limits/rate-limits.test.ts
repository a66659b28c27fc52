import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createRedisConnection } from "../../../../platform/redis/redis-connection.ts";
import { openEventLog } from "../../../support/services/event-log.ts";
import { startRedis } from "../../../support/services/redis.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor } from "../../../support/wait.ts";
import { connect } from "../live/socket-client.ts";
import type { HttpAnswer } from "../signed-in-gateway.ts";
import { startLimitedGateway, tokenOf } from "./limited-gateways.ts";

const ADA = await tokenOf("ada");
const BEN = await tokenOf("ben");
const GOOD = new Map([
  [ADA, "ada"],
  [BEN, "ben"],
]);
const TEN = { RATE_LIMIT_POINTS: 10, RATE_LIMIT_WINDOW_MS: 60_000 };
const QUERY = "{ answer }";

const times = (count: number) => Array.from({ length: count }, (_, at) => at);

function expectRefusal({ status, headers, body }: HttpAnswer): void {
  expect(status).toBe(429);
  expect(headers.get("content-type")).toContain("application/json");
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
  expect(headers.get("x-trace-id")).not.toBeNull();
  expect(body.data).toBeUndefined();
  expect(body.errors).toHaveLength(1);
  expect(body.errors?.[0]?.extensions["code"]).toBe("RATE_LIMITED");
}

/** A server of the test's own. */
async function redis() {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
}

test("call N + 1 is refused by whichever gateway gets it, unauthenticated and without a fetch [S2] [S3]", async () => {
  const { url } = await redis();
  const gateways = [
    await startLimitedGateway(TEN, GOOD, { redisUrl: url }),
    await startLimitedGateway(TEN, GOOD, { redisUrl: url }),
  ] as const;
  const statuses = [];
  for (const at of times(10)) statuses.push((await gateways[at % 2 === 0 ? 0 : 1].ask(QUERY, ADA)).status);
  expect(statuses).toEqual(times(10).map(() => 200));
  const before = gateways.map((gateway) => [gateway.checks(), gateway.fetches()]);
  for (const gateway of gateways) expectRefusal(await gateway.ask(QUERY, ADA));
  // One that has never seen the token, too.
  const third = await startLimitedGateway(TEN, GOOD, { redisUrl: url });
  expectRefusal(await third.ask(QUERY, ADA));
  expect(third.checks()).toBe(0);
  expect(gateways.map((gateway) => [gateway.checks(), gateway.fetches()])).toEqual(before);
  expect((await third.ask(QUERY, BEN)).status).toBe(200);
  // Another installation on the same Redis has people of its own.
  const other = await startLimitedGateway(TEN, GOOD, { redisUrl: url, prefix: "elsewhere" });
  expect((await other.ask(QUERY, ADA)).status).toBe(200);
  expect(await gateways[0].metrics()).toContain('tributary_rate_limited_total{limited="caller"} 1');
});

test("of many calls at once exactly N pass, over two gateways [S2]", async () => {
  const { url } = await redis();
  const gateways = [
    await startLimitedGateway(TEN, GOOD, { redisUrl: url }),
    await startLimitedGateway(TEN, GOOD, { redisUrl: url }),
  ] as const;
  for (const gateway of gateways) expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
  const answers = await Promise.all(times(40).map((at) => gateways[at % 2 === 0 ? 0 : 1].ask(QUERY, ADA)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(8);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(32);
});

test("who does not sign in is counted by address, and so are tokens that nobody issued [S2]", async () => {
  const gateway = await startLimitedGateway(TEN, GOOD);
  expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
  const statuses = [];
  for (const at of times(9)) statuses.push((await gateway.ask(QUERY, `invented-${at}`)).status);
  expect(statuses).toEqual(times(9).map(() => 401));
  const checks = gateway.checks();
  expectRefusal(await gateway.ask(QUERY, "invented-again"));
  expectRefusal(await gateway.ask(QUERY));
  expect(gateway.checks()).toBe(checks);
  // A token that proved good is its user's matter.
  expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
});

test("a forged address or a claimed user changes nobody's count [S2]", async () => {
  const gateway = await startLimitedGateway(TEN, GOOD);
  const claimed = await Promise.all(times(12).map(async (at) => `${await tokenOf("ada")}${at}`));
  for (const [at, token] of claimed.entries()) {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${token}`,
        "x-forwarded-for": `198.51.100.${at}`,
        forwarded: `for=198.51.100.${at}`,
        "x-real-ip": `198.51.100.${at}`,
      },
      body: JSON.stringify({ query: QUERY }),
    });
    expect(response.status).toBe(at < 10 ? 401 : 429);
  }
  // Ada's first call with a token that this gateway has not seen is the address's: used up by now.
  expectRefusal(await gateway.ask(QUERY, ADA));
});

test("each aliased field is an attempt, and another user is unaffected [GW-14]", async () => {
  const { url } = await redis();
  const gateways = [
    await startLimitedGateway({}, GOOD, { redisUrl: url }),
    await startLimitedGateway({}, GOOD, { redisUrl: url }),
  ] as const;
  const login = (alias: string, email: string) =>
    `${alias}: login(input: { email: "${email}", password: "guess ${alias}" })`;
  const ten = `mutation { ${times(10)
    .map((at) => login(`a${at}`, "ada@example.com"))
    .join(" ")} }`;
  expect((await gateways[0].ask(ten)).status).toBe(200);
  const before = gateways.map((gateway) => gateway.fetches());
  const guesses = times(100).map((at) => {
    // Other spellings of the same address.
    const email = at % 2 === 0 ? "ada@example.com" : " ADA@Example.com ";
    return gateways[at % 2 === 0 ? 0 : 1].ask(`mutation { ${login("b", email)} }`, at % 3 === 0 ? ADA : undefined);
  });
  for (const answer of await Promise.all(guesses)) {
    expectRefusal(answer);
    expect(answer.body.errors?.[0]?.extensions).toMatchObject({ limited: "field", field: "login" });
  }
  expect(gateways.map((gateway) => gateway.fetches())).toEqual(before);
  expect((await gateways[1].ask(`mutation { ${login("c", "ben@example.com")} }`)).status).toBe(200);
});

test("attempts count through fragments and variables; fields that are left out do not [GW-14]", async () => {
  const gateway = await startLimitedGateway({}, GOOD);
  const query = `mutation ($input: LoginInput!, $no: Boolean!) {
    ...F ... { b: login(input: $input) }
    c: login(input: $input) @include(if: $no)
    d: login(input: $input) @skip(if: true)
  }
  fragment F on Mutation { a: login(input: $input) }`;
  const variables = { input: { email: "ada@example.com", password: "?" }, no: false };
  for (const _ of times(5)) expect((await gateway.ask(query, undefined, variables)).status).toBe(200);
  expectRefusal(await gateway.ask(query, undefined, variables));
});

test("a field without an address rule is counted for whoever signed in [GW-14]", async () => {
  const gateway = await startLimitedGateway({}, GOOD);
  const invite = 'mutation { invite(email: "x@example.com") }';
  for (const _ of times(3)) expect((await gateway.ask(invite, ADA)).status).toBe(200);
  expectRefusal(await gateway.ask(invite, ADA));
  expect((await gateway.ask(invite, BEN)).status).toBe(200);
});

test("operations over a socket count like those over HTTP and are refused in-band with the same code [S3]", async () => {
  const { log: eventLog, stop } = await openEventLog("silent");
  onTestFinished(stop);
  const gateway = await startLimitedGateway(TEN, GOOD, { eventLog });
  const socket = await connect(`${gateway.url.replace("http", "ws")}/graphql`);
  // Counts as a call: the token is checked for the first time.
  await socket.init(ADA);
  for (const at of times(6)) {
    socket.send({ id: `q${at}`, type: "subscribe", payload: { query: QUERY } });
    await socket.take("complete", `q${at}`);
  }
  for (const _ of times(3)) expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
  const before = gateway.fetches();
  socket.send({ id: "over", type: "subscribe", payload: { query: QUERY } });
  const [error] = await socket.take("error", "over");
  expect(error?.payload[0].extensions).toMatchObject({ code: "RATE_LIMITED", status: 429, limited: "caller" });
  expectRefusal(await gateway.ask(QUERY, ADA));
  expect(gateway.fetches()).toBe(before);
  // The socket stays open: others may still be answered over it once the window is over.
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  socket.close();
});

test("a Redis that refuses for want of memory costs no call either [S2]", async () => {
  const { url } = await redis();
  const gateway = await startLimitedGateway(TEN, GOOD, { redisUrl: url });
  const admin = createRedisConnection({
    url,
    name: "limits-admin",
    logger: createLogger({ name: "t", level: "silent" }),
  });
  await admin.start();
  onTestFinished(() => admin.stop());
  expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
  await admin.client.config("SET", "maxmemory", "1");
  await expect(admin.client.set("full", "yes")).rejects.toThrow("OOM");
  const statuses = await Promise.all(times(8).map(async () => (await gateway.ask(QUERY, ADA)).status));
  expect(statuses).toEqual(times(8).map(() => 200));
  await waitFor(async () => /rate_counts_alone_total [1-9]/.test(await gateway.metrics()), { what: "counts alone" });
});

test("Redis away or silent costs no call, and counting goes on alone [S2]", async () => {
  const server = await redis();
  const gateway = await startLimitedGateway(TEN, GOOD, { redisUrl: server.url });
  expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
  process.kill(server.pid, "SIGSTOP");
  const stopwatch = startStopwatch();
  for (const _ of times(10)) expect((await gateway.ask(QUERY, ADA)).status).toBe(200);
  // The first waits for Redis 200 ms, and for a second after it nobody does; all ten in vain would take two.
  expect(stopwatch.ms()).toBeLessThan(1_500);
  stopwatch.stop();
  expectRefusal(await gateway.ask(QUERY, ADA));
  process.kill(server.pid, "SIGCONT");
  await server.kill();
  expect((await gateway.ask(QUERY, BEN)).status).toBe(200);
  await waitFor(async () => /tributary_rate_counts_alone_total [1-9]/.test(await gateway.metrics()), {
    what: "counts alone in the metrics",
  });
});
