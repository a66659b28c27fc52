// One call of a webhook over real sockets: how it is signed, what its answer means, and whom it never reaches.
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { CarrierFailure } from "../../../../platform/carriers/carrier.ts";
import { createWebhookCarrier, type WebhookCarrierOptions } from "../../../../platform/carriers/webhook-carrier.ts";
import { newWebhookSecret } from "../../../../platform/carriers/webhook-secrets.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { startDnsServer } from "../../../support/services/dns-server.ts";
import {
  type Answering,
  receiving,
  startWebhookReceiver,
  verifiedId,
} from "../../../support/services/webhook-receiver.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";

function carrierWith(options: Partial<WebhookCarrierOptions> = {}) {
  const carrier = createWebhookCarrier({ clock: systemClock, allowPrivate: true, ...options });
  onTestFinished(() => carrier.close());
  return carrier;
}

const secret = newWebhookSecret();
const message = (url: string) => ({ id: "whd_1", url, body: '{"type":"user.registered","n":1.0}', secrets: [secret] });

/** How a call fails. */
async function failureOf(sending: Promise<string>): Promise<CarrierFailure> {
  const error = await sending.then(
    (said) => new Error(`it was taken: ${said}`),
    (failure: unknown) => failure,
  );
  if (error instanceof CarrierFailure) return error;
  throw error;
}

describe("a call", () => {
  test("is a POST of the given bytes, signed with every live secret [S75]", async () => {
    const receiver = await receiving();
    const [now, before] = [newWebhookSecret(), newWebhookSecret()];
    const said = await carrierWith().send({ ...message(`${receiver.url}/hook?a=b`), secrets: [now, before] });
    expect(said).toBe("answer 204");
    const [call] = receiver.calls;
    if (call === undefined) throw new Error("no call came");
    expect(call).toMatchObject({ path: "/hook?a=b", body: '{"type":"user.registered","n":1.0}' });
    expect(call.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(String(call.headers["webhook-signature"]).split(" ")).toEqual([
      expect.stringMatching(/^v1,/),
      expect.stringMatching(/^v1,/),
    ]);
    // Whoever knows either secret can verify it; whoever knows another one, or got another body, cannot.
    expect([verifiedId(now, call), verifiedId(before, call)]).toEqual(["whd_1", "whd_1"]);
    expect(() => verifiedId(newWebhookSecret(), call)).toThrow();
    expect(() => verifiedId(now, { ...call, body: `${call.body} ` })).toThrow();
  });

  test("without a live secret is not made", async () => {
    const receiver = await receiving();
    await expect(carrierWith().send({ ...message(receiver.url), secrets: [] })).rejects.toThrow("live secret");
    expect(receiver.connections).toBe(0);
  });
});

describe("an answer", () => {
  const answering =
    (status: number, headers: Record<string, string> = {}, text = ""): Answering =>
    (_call, response) =>
      void response.writeHead(status, headers).end(text);

  test.each([
    [500, false],
    [404, false],
    [400, false],
    [301, false],
    [307, false],
    [429, false],
    [410, true],
  ])("%i is a failure, permanent: %s [S75]", async (status, permanent) => {
    const elsewhere = await receiving();
    const receiver = await receiving(answering(status, { location: `${elsewhere.url}/elsewhere` }, "no"));
    const failure = await failureOf(carrierWith().send(message(receiver.url)));
    expect(failure).toMatchObject({ permanent, message: `The endpoint did not take it: answer ${status}: no` });
    // A redirect is not followed.
    expect([receiver.connections, elsewhere.connections]).toEqual([1, 0]);
  });

  test.each([
    [429, "7", 7_000],
    [503, "7", 7_000],
    [503, new Date(Date.now() + 3_600_000).toUTCString(), 3_600_000],
    [503, "Thu, 01 Jan 1970 00:00:00 GMT", 0],
    [503, "soon", undefined],
    [500, "7", undefined],
  ])("%i with Retry-After %s asks for a pause", async (status, value, expected) => {
    const receiver = await receiving(answering(status, { "retry-after": value }));
    const { retryAfterMs } = await failureOf(carrierWith().send(message(receiver.url)));
    if (expected === undefined) expect(retryAfterMs).toBeUndefined();
    else expect(Math.abs((retryAfterMs ?? Number.NaN) - expected)).toBeLessThan(10_000);
  });

  test("is kept as a short line without characters that show nothing", async () => {
    const text = `<b>no</b>\r\n\u0000\u001b[31m \u202Ered ${"x".repeat(10_000)}`;
    const receiver = await receiving(answering(500, { "content-type": "text/plain; charset=utf-8" }, text));
    const failure = await failureOf(carrierWith().send(message(receiver.url)));
    expect(failure.message).toMatch(/^The endpoint did not take it: answer 500: <b>no<\/b> \[31m red x+$/);
    expect(failure.message.length).toBeLessThan(300);
  });

  test("that is packed is not unpacked", async () => {
    const receiver = await receiving((_call, response) => {
      response.writeHead(500, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000)));
    });
    expect((await failureOf(carrierWith().send(message(receiver.url)))).message.length).toBeLessThan(300);
  });

  test("without an end is read up to 64 KiB, and counts by its status [WH-04]", async () => {
    let written = 0;
    let closed = false;
    const receiver = await receiving((_call, response) => {
      const chunk = Buffer.alloc(16 * 1024, "x");
      const more = () => {
        while (!closed && written < 1_000_000_000) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", more);
            return;
          }
        }
      };
      response.on("close", () => {
        closed = true;
      });
      response.writeHead(500);
      more();
    });
    const stopwatch = startStopwatch();
    const failure = await failureOf(carrierWith().send(message(receiver.url)));
    expect(failure.message).toContain("answer 500: xxx");
    expect(stopwatch.ms()).toBeLessThan(5_000);
    // What is not read still lies in buffers of both sides.
    expect(written).toBeLessThan(20_000_000);
  });

  test("that never comes, or never ends, takes as long as a call may [WH-04]", async () => {
    const silent = await receiving(() => undefined);
    const dripping = await receiving((_call, response) => {
      response.writeHead(200).write("taken");
      const timer = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(timer));
    });
    const carrier = carrierWith({ timeoutMs: 300 });
    const stopwatch = startStopwatch();
    const failure = await failureOf(carrier.send(message(silent.url)));
    expect(failure).toMatchObject({ permanent: false, message: "The endpoint gave no answer within 0.3 s." });
    // The status came: it is taken, whatever follows.
    expect(await carrier.send(message(dripping.url))).toMatch(/^answer 200: taken\.+$/);
    expect(stopwatch.ms()).toBeLessThan(3_000);
  });

  test("of nobody names a code and none of our addresses", async () => {
    const receiver = await startWebhookReceiver();
    await receiver.stop();
    const failure = await failureOf(carrierWith().send(message(receiver.url)));
    expect(failure.message).toBe("The endpoint could not be called (ECONNREFUSED).");
  });
});

describe("an address", () => {
  test.each([
    "https://127.0.0.1:PORT/",
    "https://2130706433:PORT/",
    "https://0x7f.1:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://localhost:PORT/",
    "https://localhost.:PORT/",
    "https://127.0.0.1.:PORT/",
    "http://127.0.0.1:PORT/",
  ])("%s is not connected to [WH-02] [S75]", async (pattern) => {
    const receiver = await receiving();
    const carrier = carrierWith({ allowPrivate: false });
    const failure = await failureOf(carrier.send(message(pattern.replace("PORT", String(receiver.port)))));
    // Whether a name leads anywhere is for this machine to say.
    expect(failure.message).toMatch(/^The endpoint (?:is not called: |could not be called \(ENOTFOUND\))/);
    expect(receiver.connections).toBe(0);
  });
});

describe("a name", () => {
  const file = (name: string) => readFileSync(join(import.meta.dirname, "../../../fixtures/tls", name), "utf8");
  const tls = { cert: file("hook.test.pem"), key: file("hook.test.key.pem") };
  beforeAll(() => {
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, tls.cert]);
    return () => setDefaultCACertificates(before);
  });

  /** Asks a DNS server of the test. */
  async function naming(turns: readonly (readonly string[])[]) {
    const dns = await startDnsServer();
    onTestFinished(() => dns.stop());
    dns.addresses.set("hook.test", turns);
    const resolver = new Resolver();
    resolver.setServers([dns.address]);
    const resolve = async (name: string) =>
      (await resolver.resolve4(name)).map((address) => ({ address, family: 4 as const }));
    return { dns, resolve };
  }

  test("that leads to a private address is not connected to, whatever other addresses it has [WH-02]", async () => {
    for (const addresses of [["10.0.0.5"], ["169.254.169.254"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"]]) {
      const receiver = await receiving(undefined, { tls });
      const { resolve } = await naming([addresses]);
      const carrier = carrierWith({ allowPrivate: false, resolve, timeoutMs: 2_000 });
      const failure = await failureOf(carrier.send(message(`https://hook.test:${receiver.port}/`)));
      expect(failure.message).toBe("The endpoint is not called: this name has an address that is not public.");
      expect(receiver.connections).toBe(0);
    }
  });

  test("is looked up once per connection, and the address that was checked is connected to [WH-02] [S75]", async () => {
    // 127.0.0.2 stands for a public address, 127.0.0.1 for a neighbour of ours at the same port.
    const closing: Answering = (_call, response) => void response.writeHead(204, { connection: "close" }).end();
    const receiver = await receiving(closing, { host: "127.0.0.2", tls });
    const neighbour = await receiving(closing, { host: "127.0.0.1", port: receiver.port, tls });
    const { dns, resolve } = await naming([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2", "127.0.0.1"]]);
    const allows = (address: string) => address === "127.0.0.2";
    const carrier = carrierWith({ allowPrivate: false, allows, resolve });
    const hook = message(`https://hook.test:${receiver.port}/`);
    // The answer changes behind every question: whoever asked again would come to the neighbour.
    expect(await carrier.send(hook)).toBe("answer 204");
    expect(dns.asked).toEqual(["hook.test"]);
    expect((await failureOf(carrier.send(hook))).message).toContain("not public");
    expect(await carrier.send(hook)).toBe("answer 204");
    expect((await failureOf(carrier.send(hook))).message).toContain("not public");
    expect(dns.asked).toHaveLength(4);
    expect([receiver.calls.length, neighbour.connections]).toEqual([2, 0]);
  });

  test("with a certificate of somebody else is not sent anything", async () => {
    const receiver = await receiving(undefined, { tls });
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const carrier = carrierWith({ allowPrivate: false, allows: () => true, resolve });
    const failure = await failureOf(carrier.send(message(`https://other.test:${receiver.port}/`)));
    expect(failure.message).toBe("The endpoint could not be called (ERR_TLS_CERT_ALTNAME_INVALID).");
    expect(receiver.calls).toEqual([]);
  });
});
