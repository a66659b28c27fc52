import { expect, test } from "vitest";
import { gatewaySettings } from "../../../../platform/config/settings.ts";

const { FORWARD_HEADERS } = gatewaySettings;

test("forwarded headers are a list without case, authorization when nothing is said, empty for none", () => {
  expect(FORWARD_HEADERS.parse(undefined)).toEqual(["authorization"]);
  expect(FORWARD_HEADERS.parse("Authorization, X-Tenant")).toEqual(["authorization", "x-tenant"]);
  expect(FORWARD_HEADERS.parse("none")).toEqual([]);
});

test.each([
  "Host",
  "Accept",
  "Accept-Encoding",
  "content-length",
  "Transfer-Encoding",
  "content-type",
  "connection",
  "Proxy-Authorization",
  "X-Tributary-Identity",
])("%s cannot be forwarded: it belongs to one connection, one body or the gateway", (name) => {
  expect(FORWARD_HEADERS.safeParse(`authorization,${name}`).success).toBe(false);
});
