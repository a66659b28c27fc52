// A browser's own EventSource: it resumes by itself from the newest position it was told, and needs no code of ours for
// it.
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, startBrowser } from "../support/browser.ts";
import {
  type Account,
  attachCard,
  changePlan,
  type Member,
  newMember,
  newOrganization,
  startPlan,
} from "../support/client/new-member.ts";
import type { Stack } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";
import { waitFor } from "../support/wait.ts";

const QUERY = `subscription($org: ID!) { billingEvents(organizationId: $org, types: ["billing.invoice.issued.v1"]) {
  sequence event { __typename }
} }`;
/** Chromium waits about three seconds before it reconnects. */
const RECONNECT_MS = 20_000;

let stack: Stack;
let owner: Member;
let account: Account;
let door: Door;
let browser: Browser;

beforeAll(async () => {
  stack = await startStack("embedded", { settings: { SSE_HEARTBEAT_MS: "200" } });
  owner = await newMember(stack, "Eva Event");
  account = await newOrganization(owner);
  door = await openDoor(stack.url, owner.accessToken);
  browser = await startBrowser(door.url);
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await door?.close();
  await stack?.stop();
});

interface Door {
  readonly url: string;
  /** `Last-Event-ID` of each request for the stream. */
  readonly resumed: (string | undefined)[];
  /** Every `id:` that passed, of answers and heartbeats alike. */
  readonly ids: readonly string[];
  /** Breaks every connection in the middle of its answer, behind what was written so far. */
  cut(): void;
  close(): Promise<void>;
}

/** In front of the gateway: adds the token, which an EventSource cannot send, and serves an empty page to run it in. */
async function openDoor(gateway: string, token: string): Promise<Door> {
  const sockets = new Set<Socket>();
  const resumed: (string | undefined)[] = [];
  const ids: string[] = [];

  function forward(incoming: IncomingMessage): ReturnType<typeof httpRequest> {
    const { "last-event-id": lastEventId } = incoming.headers;
    resumed.push(typeof lastEventId === "string" ? lastEventId : undefined);
    return httpRequest(new URL(incoming.url ?? "/", gateway), {
      headers: { ...incoming.headers, authorization: `Bearer ${token}` },
    });
  }

  const server: Server = createServer((incoming, answer) => {
    if (incoming.url?.startsWith("/graphql") !== true) {
      answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>door</title>");
      return;
    }
    const outgoing = forward(incoming);
    outgoing.on("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.on("data", (data) => {
        ids.push(...[...String(data).matchAll(/^id: (\S+)$/gm)].flatMap(([, id]) => id ?? []));
      });
      response.on("error", () => answer.destroy());
      response.pipe(answer);
    });
    outgoing.on("error", () => answer.destroy());
    answer.on("close", () => outgoing.destroy());
    outgoing.end();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroySoon();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    resumed,
    ids,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Follows in the page with nothing but what a browser brings. */
async function follow(page: Page, query: string, organizationId: string): Promise<() => Promise<string[]>> {
  const variables = JSON.stringify({ org: organizationId });
  const address = `/graphql?${new URLSearchParams({ query, variables })}`;
  await page.evaluate((path) => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    new EventSource(path).addEventListener("next", ({ data }) => seen.push(data));
  }, address);
  return () => page.evaluate<string[]>("globalThis.seen");
}

test("an EventSource that is cut off goes on behind the last heartbeat, without a loss and without a repetition [WS-10]", async () => {
  const page = await browser.newWindow();
  await page.goto("/");
  const seen = await follow(page, QUERY, account.organizationId);
  await waitFor(() => door.ids.length > 0, { what: "the start of the stream" });

  await attachCard(owner, account);
  await startPlan(owner, account, "starter");
  await waitFor(async () => (await seen()).length === 1, { what: "the first invoice" });
  // Events that the filter leaves out move the position by heartbeats alone, of which the page sees nothing.
  const answered = door.ids.length;
  await attachCard(owner, account);
  await waitFor(() => door.ids.length > answered, { what: "a cursor by heartbeat" });
  expect(await seen()).toHaveLength(1);

  door.cut();
  await changePlan(owner, account, "team");
  await waitFor(() => door.resumed.length >= 2, { what: "the reconnect", deadlineMs: RECONNECT_MS });
  expect(door.resumed[0]).toBeUndefined();
  expect(door.ids.slice(answered)).toContain(door.resumed[1]);
  expect(door.ids.slice(0, answered)).not.toContain(door.resumed[1]);
  await waitFor(async () => (await seen()).length >= 2, {
    what: "the invoice that was missed",
    deadlineMs: RECONNECT_MS,
  });
  await changePlan(owner, account, "business");
  await waitFor(async () => (await seen()).length >= 3, { what: "a live invoice" });
  const sequences = (await seen()).map((text) => Number(JSON.parse(text).data.billingEvents.sequence));
  expect(sequences).toEqual([...new Set(sequences)].sort((one, other) => one - other));
  expect(sequences).toHaveLength(3);
});
