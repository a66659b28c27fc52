// One exchange over real connections, which its server breaks.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { NoAnswerError } from "../../../gateway/transport/call-failure.ts";
import { createHttpExchange } from "../../../gateway/transport/http-exchange.ts";
import { waitFor } from "../../support/wait.ts";

/** A server that answers nobody, and calls to it that may be repeated. */
async function startSilent() {
  const requests: IncomingMessage[] = [];
  const server = createServer((request) => void requests.push(request));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/graphql`);
  const exchange = createHttpExchange();
  return {
    requests,
    url,
    exchange,
    post: (timeoutMs: number) =>
      exchange
        .post({ url, headers: {}, body: "{}", timeoutMs, repeatable: true, patient: false })
        .catch((error: unknown) => error),
    async [Symbol.asyncDispose]() {
      exchange.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a question that is asked again because its connection broke has no more time than was left [GW-13]", async () => {
  await using silent = await startSilent();
  const answer = silent.post(2_000);
  await waitFor(() => silent.requests.length === 1, { what: "the question" });
  setTimeout(() => silent.requests[0]?.socket.destroy(), 500);
  const error = await answer;
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(silent.requests).toHaveLength(2);
  expect(Number(/within (\d+) ms/.exec(String(error))?.[1])).toBeLessThanOrEqual(1_500);
});

test("an instance that is gone is not asked again when its connections break", async () => {
  await using silent = await startSilent();
  const answer = silent.post(5_000);
  await waitFor(() => silent.requests.length === 1, { what: "the question" });
  silent.exchange.leave(silent.url);
  silent.requests[0]?.socket.destroy();
  expect(await answer).toBeInstanceOf(Error);
  expect(silent.requests).toHaveLength(1);
});
