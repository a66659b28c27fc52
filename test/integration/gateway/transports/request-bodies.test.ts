// Bodies of requests as clients and proxies encode them: which are read, and how the others are refused.
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAnswer, type RunningGateway, startStandalone } from "../standalone-gateway.ts";
import { JSON_TYPE, SSE } from "./ask-everywhere.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";

const MAX_BYTES = 20_000;
let graph: ScriptedGraph;
let gateway: RunningGateway;

beforeAll(async () => {
  const things = { sdl: "type Query { things(text: String): Int }", answer: () => '{"data":{"things":1}}' };
  graph = await startScriptedGraph({ things });
  gateway = await startStandalone(graph.supergraphSdl, { MAX_BODY_BYTES: MAX_BYTES });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

const QUERY = "query Things($text: String) { things(text: $text) }";
const BODY = JSON.stringify({ query: QUERY, variables: { text: "Größe 🚀" } });

async function send(
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": JSON_TYPE, ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });
  const answer = parseAnswer(await response.text());
  return {
    status: response.status,
    data: answer.data,
    message: answer.errors?.[0]?.message,
    code: answer.errors?.[0]?.extensions["code"],
    accepts: response.headers.get("accept-encoding"),
  };
}

const READ = { status: 200, data: { things: 1 } };

test.each<[string, string, (body: string) => Uint8Array<ArrayBuffer>]>([
  ["gzip", "gzip", gzipSync],
  ["gzip by its old name", "x-gzip", gzipSync],
  ["gzip in capitals", "GZIP", gzipSync],
  ["deflate", "deflate", deflateSync],
  ["br", "br", brotliCompressSync],
  ["no coding by name", "identity", Buffer.from],
  ["an empty header", "", Buffer.from],
  ["gzip and no coding", "identity, gzip", gzipSync],
  ["two codings", "gzip, br", (body) => brotliCompressSync(gzipSync(body))],
  ["one coding twice", "gzip,gzip", (body) => gzipSync(gzipSync(body))],
  ["gzip in two members", "gzip", (body) => Buffer.concat([gzipSync(body.slice(0, 9)), gzipSync(body.slice(9))])],
])("a body in %s is read", async (_, coding, encode) => {
  const before = graph.requests.length;
  expect(await send(encode(BODY), { "content-encoding": coding })).toMatchObject(READ);
  expect(graph.requests.slice(before).join("")).toContain("Größe 🚀");
});

test.each(["zstd", "compress", "aes128gcm", "exi", "gzip;q=1", "x".repeat(500), "gzip, zstd", "zstd, gzip"])(
  "a body in %s is refused with 415, which names it and offers what is read",
  async (coding) => {
    const refused = await send(coding === "zstd" ? zstdCompressSync(BODY) : BODY, { "content-encoding": coding });
    expect(refused).toMatchObject({ status: 415, code: "BAD_REQUEST", accepts: "gzip, deflate, br" });
    const named = coding
      .split(",")
      .map((name) => name.trim())
      .find((name) => name !== "gzip");
    expect(refused.message).toContain(`the coding "${named?.slice(0, 40)}"`);
  },
);

test("a body in three codings is refused with 415", async () => {
  const refused = await send(gzipSync(gzipSync(gzipSync(BODY))), { "content-encoding": "gzip, gzip, gzip" });
  expect(refused).toMatchObject({ status: 415, accepts: "gzip, deflate, br" });
});

test.each<[string, string, Uint8Array<ArrayBuffer>]>([
  ["gzip that is plain", "gzip", Buffer.from(BODY)],
  ["gzip that is cut off", "gzip", gzipSync(BODY).subarray(0, -12)],
  ["gzip with a wrong check sum", "gzip", Buffer.concat([gzipSync(BODY).subarray(0, -8), Buffer.alloc(8)])],
  ["deflate without its header", "deflate", deflateRawSync(BODY)],
  ["br that is gzip", "br", gzipSync(BODY)],
  ["two codings in the other order", "br, gzip", brotliCompressSync(gzipSync(BODY))],
])("%s is refused with 400", async (_, coding, body) => {
  const refused = await send(body, { "content-encoding": coding });
  expect(refused).toMatchObject({ status: 400, code: "BAD_REQUEST" });
  expect(refused.message).toMatch(/^The request body is not valid (gzip|deflate|br)\.$/);
});

test.each(["gzip", "deflate", "br", "identity"])("an empty body in %s is refused with 400", async (coding) => {
  const encode = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, identity: Buffer.from }[coding];
  for (const body of [Buffer.alloc(0), encode?.("") ?? ""]) {
    expect(await send(body, { "content-encoding": coding })).toMatchObject({ status: 400, code: "BAD_REQUEST" });
  }
});

const huge = (bytes: number) => Buffer.alloc(bytes, " ");
const sized = (bytes: number) => {
  const text = JSON.stringify({ query: QUERY });
  return `${text}${" ".repeat(bytes - text.length)}`;
};

test("the limit counts what a body holds, whatever it came as", async () => {
  for (const [coding, encode] of [
    ["identity", Buffer.from],
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["gzip, gzip", (body: string) => gzipSync(gzipSync(body))],
  ] as const) {
    const headers = { "content-encoding": coding };
    expect(await send(encode(sized(MAX_BYTES)), headers), coding).toMatchObject(READ);
    const refused = await send(encode(sized(MAX_BYTES + 1)), headers);
    expect(refused, coding).toMatchObject({ status: 413, message: "The request body is too large." });
  }
});

test("a bomb is given up on while it is inflated", async () => {
  const zeros = huge(128 * 2 ** 20);
  const bomb = brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
  const within = gzipSync(gzipSync(zeros.subarray(0, 10_000_000)));
  expect(Math.max(bomb.length, within.length)).toBeLessThan(MAX_BYTES);
  const began = process.cpuUsage();
  expect(brotliDecompressSync(bomb)).toHaveLength(zeros.length);
  const whole = process.cpuUsage(began).user;
  const before = process.cpuUsage();
  for (let turn = 0; turn < 20; turn += 1) {
    expect((await send(bomb, { "content-encoding": "br" })).status).toBe(413);
    expect((await send(within, { "content-encoding": "gzip, gzip" })).status).toBe(413);
  }
  // Inflated to their ends, the twenty would take twenty times as long as one.
  expect(process.cpuUsage(before).user).toBeLessThan(10 * whole);
});

test("a body that comes in pieces without a length is bounded as well", async () => {
  const pieces = (bytes: Uint8Array) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.subarray(at, at + 7));
        controller.close();
      },
    });
  expect(await send(pieces(gzipSync(BODY)), { "content-encoding": "gzip" })).toMatchObject(READ);
  expect(await send(pieces(gzipSync(huge(10_000_000))), { "content-encoding": "gzip" })).toMatchObject({ status: 413 });
});

test("a compressed body of another type is no request, and is not inflated", async () => {
  const refused = await send(gzipSync(BODY), { "content-type": "text/plain", "content-encoding": "gzip" });
  expect(refused.status).toBe(400);
});

test("a request for a stream is read compressed as well", async () => {
  const headers = { accept: SSE, "content-encoding": "zstd" };
  expect(await send(zstdCompressSync(BODY), headers)).toMatchObject({ status: 415, accepts: "gzip, deflate, br" });
});

test("a byte-order mark before the JSON is no fault", async () => {
  expect(await send(`\u{feff}${BODY}`)).toMatchObject(READ);
  expect(await send(gzipSync(`\u{feff}${BODY}`), { "content-encoding": "gzip" })).toMatchObject(READ);
  expect(await send(`\u{feff}${BODY}`, { "content-type": "application/json; charset=utf-8" })).toMatchObject(READ);
  expect(await send("\u{feff}")).toMatchObject({ status: 400 });
});

test.each(["utf-8", "UTF-8", "utf8", '"utf-8"'])("the charset %s is read", async (charset) => {
  expect(await send(BODY, { "content-type": `application/json;charset=${charset}` })).toMatchObject(READ);
});

test.each(["utf-7", "utf-16", "utf-16le", "iso-8859-1", "windows-1252", "us-ascii", "UTF-32"])(
  "the charset %s is refused by name",
  async (charset) => {
    const refused = await send(BODY, { "content-type": `application/json; charset=${charset}` });
    expect(refused).toMatchObject({ status: 415, code: "BAD_REQUEST" });
    expect(refused.message).toContain(`the charset "${charset}"`);
  },
);

test("bytes that are no UTF-8 are refused, never replaced", async () => {
  const before = graph.requests.length;
  const latin = Buffer.from(BODY.replace("🚀", ""), "latin1");
  const halved = Buffer.concat([
    Buffer.from('{"query":"{ things(text: \\"'),
    Buffer.from([0xc3]),
    Buffer.from('\\") }"}'),
  ]);
  for (const body of [latin, halved, Buffer.from(BODY, "utf16le"), Buffer.from([0xff, 0xfe])]) {
    expect(await send(body)).toMatchObject({ status: 400, message: "The request body is not in UTF-8." });
  }
  expect(graph.requests.length).toBe(before);
});

test("a page of an allowed origin may compress what it sends", async () => {
  const preflight = await fetch(`${gateway.url}/graphql`, {
    method: "OPTIONS",
    headers: {
      origin: gateway.url,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-encoding,content-type",
    },
  });
  expect(preflight.headers.get("access-control-allow-headers")).toContain("content-encoding");
});
