// A printable page comes through the gateway as its subgraph wrote it, in one process and in many.
import { expect, onTestFinished, test as plainTest } from "vitest";
import { type DocumentKind, type DocumentSource, localDocuments } from "../../../../platform/documents/document.ts";
import { forwardDocuments } from "../../../../platform/documents/document-forwarding.ts";
import { registerDocuments } from "../../../../platform/documents/document-routes.ts";
import { markup } from "../../../../platform/documents/markup.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { createServer, listen } from "../../../../platform/http/create-server.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { freePort } from "../../../support/ports.ts";

const LETTERS: DocumentKind = {
  kind: "letters",
  async open({ id, query }) {
    if (id === "broken") throw new AppError("INTERNAL_SERVER_ERROR", "secret");
    const status = id === "old" ? 410 : 200;
    return { status, title: id, style: "p { color: red }", body: markup`<p>${id}: ${query.get("token")}</p>` };
  },
};
const POST = { name: "post", documents: [LETTERS] };

async function serve(open: DocumentSource): Promise<string> {
  const server = createServer({ logger: createLogger({ name: "test", level: "fatal" }), maxBodyBytes: 1_000 });
  registerDocuments(server, open);
  const port = await listen(server, "127.0.0.1", 0, "PORT");
  onTestFinished(() => server.close());
  return `http://127.0.0.1:${port}`;
}

const topologies: readonly (readonly [string, () => Promise<string>])[] = [
  ["in one process", () => serve(localDocuments([POST]))],
  [
    "in many",
    async () => {
      const subgraph = await serve(localDocuments([POST]));
      // A process that is gone is passed over.
      const gone = `http://127.0.0.1:${await freePort()}`;
      return serve(forwardDocuments(new Map([["post", () => [gone, subgraph]]])));
    },
  ],
];

const test = plainTest.for(topologies);

test("a page is sent as it was written, and kept by nobody (%s)", async ([, start]) => {
  const gateway = await start();
  const response = await fetch(`${gateway}/documents/post/letters/a%2Fb?token=${encodeURIComponent("<x>&y")}`);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "content-security-policy": expect.stringMatching(/^default-src 'none'; .*style-src 'sha256-[\w+/]{43}='$/),
  });
  expect(await response.text()).toContain("<p>a/b: &lt;x&gt;&amp;y</p>");
  expect((await fetch(`${gateway}/documents/post/letters/old`)).status).toBe(410);
});

test("what there is not is not found, and nothing but reading is served (%s)", async ([, start]) => {
  const gateway = await start();
  for (const path of ["post/bills/1", "nobody/letters/1", "post/letters", "post/letters/1/2"]) {
    expect((await fetch(`${gateway}/documents/${path}`)).status, path).toBe(404);
  }
  expect((await fetch(`${gateway}/documents/post/letters/1`, { method: "POST" })).status).toBe(404);
});

test("a failure tells nothing of itself (%s)", async ([, start]) => {
  const gateway = await start();
  const response = await fetch(`${gateway}/documents/post/letters/broken`);
  expect(response.status).toBeGreaterThanOrEqual(500);
  expect(await response.text()).not.toContain("secret");
});

plainTest("a subgraph that cannot be reached is told as one that comes back", async () => {
  const gone = `http://127.0.0.1:${await freePort()}`;
  const gateway = await serve(forwardDocuments(new Map([["post", () => [gone]]])));
  const response = await fetch(`${gateway}/documents/post/letters/1`);
  expect(response.status).toBe(503);
});
