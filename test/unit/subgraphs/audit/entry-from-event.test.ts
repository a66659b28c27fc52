import { expect, test } from "vitest";
import type { EventEnvelope } from "../../../../platform/events/envelope.ts";
import { entryFromEvent } from "../../../../subgraphs/audit/domain/entry-from-event.ts";

const UUID = "01890a5d-ac96-774b-bcce-b302099a8057";

function event(type: string, data: Record<string, unknown>, subject = `inv_${UUID}`): EventEnvelope {
  return {
    specversion: "1.0",
    id: UUID,
    source: "/tributary/billing",
    type,
    time: "2026-11-20T10:00:00.000Z",
    subject,
    datacontenttype: "application/json",
    data,
    partitionkey: `org_${UUID}`,
    sequence: "1",
    orgid: `org_${UUID}`,
    actorkind: "USER",
    actorid: `usr_${UUID}`,
    aggregateversion: 1,
    correlationid: "c",
    hop: 0,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
}

test("the action is the event type without its version", () => {
  expect(entryFromEvent(event("billing.invoice.paid.v1", {})).action).toBe("billing.invoice.paid");
  expect(entryFromEvent(event("billing.invoice.paid.v12", {})).action).toBe("billing.invoice.paid");
});

test.each([
  ["billing.invoice.paid.v1", "SUCCESS"],
  ["billing.payment.failed.v1", "FAILURE"],
  ["user.session.rejected.v1", "FAILURE"],
  ["user.access.denied.v1", "DENIED"],
])("%s is recorded as %s", (type, outcome) => {
  expect(entryFromEvent(event(type, {})).outcome).toBe(outcome);
});

test("the targets are the aggregate and every known id of the data, each once", () => {
  const data = {
    invoiceId: `inv_${UUID}`,
    paymentId: `pay_${UUID}`,
    planId: `pln_${UUID}`,
    number: "2026-1",
    total: {},
  };
  expect(entryFromEvent(event("billing.invoice.paid.v1", data)).targets).toEqual([
    { type: "Invoice", id: `inv_${UUID}` },
    { type: "Payment", id: `pay_${UUID}` },
  ]);
});

test("the trace id comes from the request behind the event [S43]", () => {
  expect(entryFromEvent(event("billing.invoice.paid.v1", {})).traceId).toBe("0af7651916cd43dd8448eb211c80319c");
});
