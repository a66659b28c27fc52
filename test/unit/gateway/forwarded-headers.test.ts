import { expect, test } from "vitest";
import { pickForwarded } from "../../../gateway/http/forwarded-headers.ts";
import type { GatewayContext } from "../../../gateway/ports.ts";
import { forwardedHeaders, signedHeaders } from "../../../gateway/transport/subgraph-headers.ts";
import { createLogger } from "../../../platform/logger/logger.ts";

const context: GatewayContext = {
  identity: { kind: "ANONYMOUS" },
  client: {},
  trace: { traceId: "1".repeat(32), spanId: "2".repeat(16) },
  logger: createLogger({ name: "test", level: "silent" }),
  forwardedHeaders: { authorization: "Bearer a", traceparent: "forged" },
  clientName: { name: "shop", version: "1.2" },
};

test("only named headers go on, and none that a client names in Connection", () => {
  const headers = {
    authorization: "a",
    "x-tenant": "t",
    "x-tributary-identity": "forged",
    connection: "close, X-Tenant",
  };
  expect(pickForwarded(headers, ["authorization", "x-tenant", "x-missing"])).toEqual({ authorization: "a" });
  expect(pickForwarded({ authorization: "a" }, [])).toEqual({});
});

test("every transport passes on a span of the trace and the client's name, and the gateway's own headers win", async () => {
  const forwarded = await forwardedHeaders("billing", context);
  expect(forwarded).toEqual({
    authorization: "Bearer a",
    traceparent: expect.stringMatching(/^00-1{32}-[0-9a-f]{16}-01$/),
    "apollographql-client-name": "shop",
    "apollographql-client-version": "1.2",
  });
  expect(forwarded["traceparent"]).not.toContain("2".repeat(16));
  const signed = await signedHeaders({ sign: async (audience) => `for ${audience}` })("billing", context);
  expect(Object.keys(signed).toSorted()).toEqual([
    "apollographql-client-name",
    "apollographql-client-version",
    "traceparent",
    "x-tributary-identity",
  ]);
  expect(signed["x-tributary-identity"]).toBe("for billing");
});

test("a name that could end a header stays behind", async () => {
  for (const name of ["a\r\nx-tributary-identity: forged", "é", "\u0000"]) {
    const headers = await forwardedHeaders("billing", { ...context, clientName: { name, version: "1" } });
    expect(Object.keys(headers).toSorted()).toEqual(["authorization", "traceparent"]);
  }
});
