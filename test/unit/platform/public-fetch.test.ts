// What a customer named is fetched from public addresses alone.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPublicFetch } from "../../../platform/http/public-fetch.ts";

const LIMITS = { timeoutMs: 2_000, maxBytes: 1_000 };
let server: Server;
let url: string;
let asked = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked += 1;
    if (request.url === "/long") response.end("x".repeat(2_000));
    else if (request.url === "/away") response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    else if (request.url === "/none") response.writeHead(204).end();
    else if (request.url !== "/silent") response.writeHead(200, { "x-given": "yes" }).end(`${request.method} ok`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("private addresses, names of them, and plain HTTP are not reached", async () => {
  const publicly = createPublicFetch({ ...LIMITS, allowPrivate: false });
  for (const address of [
    url,
    url.replace("http:", "https:"),
    "https://localhost/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://0x7f000001/",
    "https://2130706433/",
    "http://example.com/",
    "ftp://example.com/",
  ]) {
    await expect(publicly(address, {}), address).rejects.toThrow();
  }
  expect(asked).toBe(0);
});

test("on a developer's machine they are, within limits, and no redirect is followed", async () => {
  const locally = createPublicFetch({ ...LIMITS, allowPrivate: true });
  const answer = await locally(`${url}/`, { method: "POST", body: "a=b" });
  expect([answer.status, answer.headers.get("x-given"), await answer.text()]).toEqual([200, "yes", "POST ok"]);
  expect((await locally(`${url}/none`, {})).status).toBe(204);
  expect((await locally(`${url}/away`, {})).status).toBe(302);
  await expect(locally(`${url}/long`, {})).rejects.toThrow();
  await expect(
    createPublicFetch({ ...LIMITS, timeoutMs: 100, allowPrivate: true })(`${url}/silent`, {}),
  ).rejects.toThrow();
});
