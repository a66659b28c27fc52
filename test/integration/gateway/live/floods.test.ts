// Frames by the thousand: each is answered or ends the socket, nothing is left behind, and whoever else is connected is
// served.
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { QUERY, subscribe, witnessedStackOfFile } from "./witness.ts";

const { world, open } = witnessedStackOfFile();

test("refreshes without end close the socket with 4429, and ask about ten tokens at most", async () => {
  let asked = 0;
  const { authenticator } = world.stack.ports;
  const { authenticate } = authenticator;
  authenticator.authenticate = (token, client) => {
    asked += token === "flood" ? 1 : 0;
    return authenticate(token, client);
  };
  const client = await open();
  for (let count = 0; count < 1_000; count += 1) {
    client.send({ type: "ping", payload: { tributary: { accessToken: "flood" } } });
  }
  expect(await client.closed()).toEqual({ code: 4429, reason: expect.stringContaining("token refreshes") });
  expect(asked).toBe(10);
  authenticator.authenticate = authenticate;
});

test("thousands of invalid operations are each refused by id, and others are served meanwhile", async () => {
  const client = await open();
  const count = 3_000;
  for (let index = 0; index < count; index += 1) {
    client.send(subscribe(`bad-${index}`, { query: index % 2 === 0 ? "subscription {" : "subscription { nothing }" }));
  }
  const other = await open();
  await other.subscribe("a", QUERY);
  await waitFor(() => client.messages.filter(({ type }) => type === "error").length === count, {
    what: "all refusals",
  });
  await client.subscribe("good", QUERY);
  client.close();
  other.close();
});

test("pings, completes of nothing and operations that are given up at once leave nothing behind", async () => {
  const client = await open();
  for (let index = 0; index < 1_000; index += 1) {
    client.send({ type: "ping" });
    client.send({ id: `none-${index}`, type: "complete" });
    client.send(subscribe(`brief-${index}`));
    client.send({ id: `brief-${index}`, type: "complete" });
  }
  await waitFor(() => client.messages.filter(({ type }) => type === "pong").length === 1_000, {
    what: "all pongs",
  });
  await waitFor(() => world.stack.live.counters().subscriptions === 1, { what: "the witness alone" });
  await client.subscribe("good", QUERY);
  client.close();
});

test("what is prepared for ids that were given up counts as open", async () => {
  const held = Promise.withResolvers<void>();
  const { executor } = world.stack.ports;
  const { execute } = executor;
  let running = 0;
  executor.execute = async (request) => {
    running += 1;
    await held.promise;
    return execute(request);
  };
  const client = await open();
  for (let index = 0; index < 300; index += 1) {
    client.send(subscribe(`q-${index}`, { query: "{ orders { id } }" }));
    client.send({ id: `q-${index}`, type: "complete" });
  }
  client.send({ type: "ping" });
  await waitFor(() => client.messages.some(({ type }) => type === "pong"), { what: "the pong behind them" });
  expect(running).toBe(100);
  held.resolve();
  executor.execute = execute;
  await client.subscribe("good", QUERY);
  client.close();
});
