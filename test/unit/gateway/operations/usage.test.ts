import { expect, test } from "vitest";
import { clientNameOf } from "../../../../gateway/operations/client-name.ts";
import { createUsage } from "../../../../gateway/operations/usage.ts";
import { metricsText } from "../../../../platform/http/metrics-format.ts";

test("use is counted by client and version, by operation and by where the document came from", () => {
  const usage = createUsage(new Set());
  const client = { name: "web", version: "1.2.3" };
  for (let turn = 0; turn < 3; turn += 1) usage.count({ client, operationName: "Viewer", source: "trusted" });
  usage.count({ client: undefined, operationName: undefined, source: "text" });
  usage.countRefusal("PERSISTED_QUERY_NOT_FOUND");
  const text = metricsText(usage.metrics());
  expect(text).toContain('tributary_operations_by_client_total{client="web",version="1.2.3"} 3\n');
  expect(text).toContain('tributary_operations_by_client_total{client="unknown",version="unknown"} 1\n');
  expect(text).toContain('tributary_operations_by_name_total{operation="Viewer"} 3\n');
  expect(text).toContain('tributary_operations_by_name_total{operation="unnamed"} 1\n');
  expect(text).toContain('tributary_operations_total{document="trusted"} 3\n');
  expect(text).toContain('tributary_operations_refused_total{code="PERSISTED_QUERY_NOT_FOUND"} 1\n');
});

test("invented names cannot fill the page: what comes late is counted together, registered operations keep their names", () => {
  const usage = createUsage(new Set(["Registered"]));
  for (let index = 0; index < 5_000; index += 1) {
    usage.count({ client: { name: `c${index}`, version: `${index}` }, operationName: `O${index}`, source: "text" });
  }
  usage.count({ client: { name: "c0", version: "0" }, operationName: "Registered", source: "trusted" });
  const text = metricsText(usage.metrics());
  expect(text.length).toBeLessThan(64_000);
  expect(text).toContain('tributary_operations_by_client_total{client="other",version="other"} 4900\n');
  expect(text).toContain('tributary_operations_by_client_total{client="c0",version="0"} 2\n');
  expect(text).toContain('tributary_operations_by_name_total{operation="other"} 4500\n');
  expect(text).toContain('tributary_operations_by_name_total{operation="Registered"} 1\n');
});

test("a name cannot break out of its label", () => {
  const usage = createUsage(new Set());
  usage.count({ client: { name: 'a"} 9\nb\\', version: undefined }, operationName: null, source: "text" });
  const text = metricsText(usage.metrics());
  expect(text).toContain('{client="a\\"} 9\\nb\\\\",version="unknown"} 1\n');
});

test("a client's name is read from headers and from what a socket begins with, and cut", () => {
  const named = { "apollographql-client-name": "web", "apollographql-client-version": "1" };
  expect(clientNameOf(named)).toEqual({ name: "web", version: "1" });
  expect(clientNameOf({ headers: named })).toEqual({ name: "web", version: "1" });
  expect(clientNameOf({ "apollographql-client-name": "x".repeat(500) })).toEqual({
    name: "x".repeat(64),
    version: undefined,
  });
  expect(clientNameOf({ "apollographql-client-version": "1" })).toBeUndefined();
  expect(clientNameOf(undefined)).toBeUndefined();
});
