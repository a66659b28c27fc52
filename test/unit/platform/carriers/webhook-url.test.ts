// Where a webhook may be sent to, as it is registered.
import { describe, expect, test } from "vitest";
import { requireWebhookUrl } from "../../../../platform/carriers/webhook-url.ts";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "this machine": [
    "https://127.0.0.1/",
    "https://127.8.9.1/",
    "https://127.1/",
    "https://0.0.0.0/",
    "https://0/",
    "https://[::1]/",
    "https://[::]/",
    "https://127.0.0.1./",
  ],
  "private networks": [
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://[fd00::1]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
  ],
  "addresses of nobody, or of many": [
    "https://224.0.0.1/",
    "https://239.255.255.255/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://203.0.113.7/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[4000::1]/",
  ],
  "IPv6 addresses that hold another one": [
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:0:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::1]/",
    "https://[2001::1]/",
  ],
  "numbers that are addresses": [
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
    "https://3232235521/",
  ],
  "names of this machine or its neighbours": [
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://hook.localhost/",
    "https://hook.localhost./",
    "https://kafka/",
    "https://kafka./",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.home.arpa/",
  ],
  "other schemes": [
    "http://example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "ws://example.com/",
  ],
  credentials: ["https://ada@example.com/", "https://ada:secret@example.com/", "https://:secret@example.com/"],
  "what is no address": [
    "",
    "example.com",
    "/hook",
    "https://",
    "https://[::1",
    `https://example.com/${"x".repeat(2_000)}`,
  ],
};

const ofField = (url: string) => {
  try {
    requireWebhookUrl(url);
  } catch (error) {
    if (error instanceof UserFailure) return error.userErrors.map(({ code, field }) => `${code} ${field?.join(".")}`);
    throw error;
  }
  return [];
};

describe.each(Object.entries(REFUSED))("%s", (_kind, urls) => {
  test.each(urls)("%s is refused as it is registered [WH-02] [S75]", (url) => {
    expect(ofField(url)).toEqual(["INVALID input.url"]);
  });
});

test.each([
  ["https://example.com/hook?a=b", "https://example.com/hook?a=b"],
  ["https://EXAMPLE.com", "https://example.com/"],
  ["https://hooks.example.com:8443/in", "https://hooks.example.com:8443/in"],
  ["https://localhost.example.com/", "https://localhost.example.com/"],
  ["https://bücher.example/", "https://xn--bcher-kva.example/"],
  ["https://8.8.8.8/", "https://8.8.8.8/"],
  ["https://172.32.0.1/", "https://172.32.0.1/"],
  ["https://[2606:4700::1111]/", "https://[2606:4700::1111]/"],
  ["https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/"],
])("%s is taken [WH-02]", (url, used) => {
  expect(requireWebhookUrl(url)).toBe(used);
});

test("on a developer's machine private addresses and plain HTTP are taken, and nothing else more", () => {
  const locally = { allowPrivate: true };
  expect(requireWebhookUrl("http://127.0.0.1:3000/hook", locally)).toBe("http://127.0.0.1:3000/hook");
  expect(requireWebhookUrl("http://localhost/", locally)).toBe("http://localhost/");
  for (const url of ["file:///etc/passwd", "http://ada:secret@localhost/", "hook"]) {
    expect(() => requireWebhookUrl(url, locally), url).toThrow(UserFailure);
  }
});
