import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createEventContracts, loadEventContracts, MAX_EVENT_BYTES } from "../../../../platform/events/contracts.ts";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { namedId } from "../../../support/identities.ts";

const TYPE = "test.thing.happened.v1";
const contracts = createEventContracts(
  new Map([
    [
      TYPE,
      {
        type: "object",
        required: ["at"],
        properties: { at: { type: "string", format: "date-time" }, text: { type: "string" } },
        additionalProperties: false,
      },
    ],
  ]),
);

function event(change: Partial<EventEnvelope> = {}): EventEnvelope {
  return {
    specversion: "1.0",
    id: "01890a5d-ac96-774b-bcce-b302099a8057",
    source: "/tributary/test",
    type: TYPE,
    time: "2026-01-01T00:00:00.000Z",
    subject: "thing_1",
    datacontenttype: "application/json",
    data: { at: "2026-01-01T00:00:00Z" },
    partitionkey: namedId("org", "1"),
    sequence: "1",
    actorkind: "SERVICE",
    aggregateversion: 1,
    correlationid: "request-1",
    hop: 0,
    ...change,
  };
}

describe("event contracts", () => {
  test("an event that satisfies envelope and contract survives encoding and decoding [S43]", () => {
    expect(contracts.decodeEvent(contracts.encodeEvent(event()))).toEqual({ ok: true, event: event() });
  });

  test.each([
    ["text that is not JSON", "{", "not JSON"],
    ["a missing envelope attribute", JSON.stringify({ ...event(), id: undefined }), "envelope: id"],
    ["a sequence of zero", JSON.stringify(event({ sequence: "0" })), "envelope: sequence"],
    ["an unknown version", JSON.stringify(event({ type: "test.thing.happened.v2" })), "unknown event type"],
    ["a missing property", JSON.stringify(event({ data: {} })), "data must have required property 'at'"],
    ["a wrong format", JSON.stringify(event({ data: { at: "yesterday" } })), "date-time"],
  ])("%s is a problem, not an exception [S44]", (_, text, problem) => {
    expect(contracts.decodeEvent(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  test("an event above the limit is refused with the limit in the message [EV-12]", () => {
    const large = event({ data: { at: "2026-01-01T00:00:00Z", text: "x".repeat(MAX_EVENT_BYTES) } });
    expect(() => contracts.encodeEvent(large)).toThrow(String(MAX_EVENT_BYTES));
  });

  test.each<[string, Partial<EventEnvelope>, string]>([
    ["half a character in its data", { data: { at: "2026-01-01T00:00:00Z", text: "\ud83d" } }, "data.text holds half"],
    ["half a character around it", { useragent: "\udc00" }, "useragent holds half"],
    ["U+0000", { data: { at: "2026-01-01T00:00:00Z", text: "\0" } }, "U+0000"],
    ["a year that Postgres has not", { time: "0000-01-01T00:00:00Z" }, "time is not within"],
    ["a key that is no tenant's", { partitionkey: "somebody" }, "partitionkey is no id"],
    ["an actor whom no index holds", { actorid: "x".repeat(201) }, "actorid has more than 200"],
    ["a longer chain of causes than any", { hop: 17 }, "hop is more than 16"],
  ])("an event with %s is refused before it is published, with advice [EV-12]", (_, change, problem) => {
    const refused = expect.objectContaining({ code: "BAD_USER_INPUT", message: expect.stringContaining(problem) });
    expect(() => contracts.encodeEvent(event(change))).toThrow(refused);
  });

  test("a contract that is no valid schema fails the start", () => {
    expect(() => createEventContracts(new Map([[TYPE, { type: "nonsense" }]]))).toThrow(TYPE);
  });

  test("every contract of the product compiles under its own name [S44]", async () => {
    const product = await loadEventContracts(fileURLToPath(new URL("../../../../schema/events", import.meta.url)));
    expect(product.types).toContain("billing.invoice.paid.v1");
    for (const type of product.types) expect(type).toMatch(/^[a-z]+(\.[a-z_]+)+\.v[1-9]\d*$/);
  });
});
