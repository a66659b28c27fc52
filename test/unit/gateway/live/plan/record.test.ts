import { parse } from "graphql";
import { expect, test } from "vitest";
import { createPlanner } from "../../../../../gateway/live/plan/plan.ts";
import { answerFromRecord, concerns, passes } from "../../../../../gateway/live/plan/record.ts";
import { type EventEnvelope, envelopeSchema } from "../../../../../platform/events/envelope.ts";
import { composeShop, generationOf } from "../../../../integration/gateway/live/shop-graph.ts";
import { envelopeText } from "../memory-log.ts";

const generation = generationOf(composeShop(), "one");
const planner = createPlanner((query) => parse(query));

function envelope(more: Readonly<Record<string, unknown>> = {}): EventEnvelope {
  return envelopeSchema.parse(JSON.parse(envelopeText("org-1", 5, more)));
}

function answer(query: string, event: EventEnvelope, variables: Readonly<Record<string, unknown>> = {}) {
  const bound = planner.plan(generation, { query }).bind(variables);
  return answerFromRecord(bound.query.record, event, bound.variables);
}

test("message fields come from the envelope", () => {
  expect(answer("subscription { orderEvents { sequence occurredAt eventId type } }", envelope())).toEqual({
    orderEvents: {
      sequence: "5",
      occurredAt: "2026-01-02T03:04:05.678Z",
      eventId: "01890a5d-ac96-774b-bcce-b302099a8057",
      type: "orders.order.placed.v1",
    },
  });
});

test("entities become references, nested objects and lists stay as they are", () => {
  const data = { orderId: "o-1", color: "red", price: { minor: "5", parts: [{ label: "a" }, { label: "b" }] } };
  const query = `subscription { orderEvents { actor { name } event { __typename ... on OrderPlaced {
    order { state } color price { minor parts { label } } } } } }`;
  const event = envelope({ data, actorkind: "USER", actorid: "u-1" });
  expect(answer(query, event)).toEqual({
    orderEvents: {
      actor: { __typename: "User", id: "u-1" },
      event: {
        __typename: "OrderPlaced",
        order: { __typename: "Order", id: "o-1" },
        color: "red",
        price: { minor: "5", parts: [{ label: "a" }, { label: "b" }] },
      },
    },
  });
});

test("an actor that is no user, and data that the event does not have, are null", () => {
  const query = "subscription { orderEvents { actor { id } event { ... on OrderPlaced { color order { id } } } } }";
  expect(answer(query, envelope())).toMatchObject({
    orderEvents: { actor: null, event: { color: null, order: null } },
  });
});

test("fragments, variables in directives and other members of the union are respected; fields have names of the gateway's own", () => {
  const query = `subscription S($all: Boolean!) { e: orderEvents { n: sequence ...M event { ...P ... on OrderShipped { reason } } } }
    fragment M on OrderMessage { kind: type @include(if: $all) occurredAt @skip(if: $all) }
    fragment P on OrderPlaced { c: color price { minor } price { m: minor } }`;
  const event = envelope({ data: { color: "red", price: { minor: "5", parts: [] } } });
  const placed = { __typename: "OrderPlaced", color: "red", price: { minor: "5" } };
  expect(answer(query, event, { all: true })).toMatchObject({
    orderEvents: { sequence: "5", type: event.type, event: placed },
  });
  expect(answer(query, event, { all: true })["orderEvents"]).not.toHaveProperty("occurredAt");
  expect(answer(query, event, { all: false })["orderEvents"]).not.toHaveProperty("type");
});

test("properties of the record's prototype are no data", () => {
  const query = "subscription { orderEvents { event { ... on OrderPlaced { color price { minor } } } } }";
  const event = envelope({ data: { price: {} } });
  expect(answer(query, event)).toMatchObject({ orderEvents: { event: { color: null, price: { minor: null } } } });
});

test("an event type without a payload type is none of the field's; filters compare with the value at their path", () => {
  const { plan, args } = planner
    .plan(generation, {
      query: 'subscription S($t: [String!]) { orderEvents(types: $t, colors: ["red"]) { sequence } }',
    })
    .bind({ t: ["orders.order.placed.v1"] });
  expect(concerns(plan.field, envelope({ type: "orders.order.other.v1" }))).toBe(false);
  expect(concerns(plan.field, envelope())).toBe(true);
  expect(passes(plan.field, args, envelope({ data: { color: "red" } }))).toBe(true);
  expect(passes(plan.field, args, envelope({ data: { color: "blue" } }))).toBe(false);
  expect(passes(plan.field, args, envelope({ data: { color: "red" }, type: "orders.order.shipped.v1" }))).toBe(false);
  expect(passes(plan.field, {}, envelope())).toBe(true);
});

test("a variable that only carries a cursor does not make another operation of it", () => {
  const query = "subscription S($a: String, $t: [String!]) { orderEvents(after: $a, types: $t) { sequence } }";
  const plan = planner.plan(generation, { query });
  expect(plan.bind({ a: "x", t: [] })).toMatchObject({ variables: { t: [] }, args: { after: "x", types: [] } });
  expect(planner.plan(generation, { query })).toBe(plan);
  const twice = "subscription S($a: String) { orderEvents(after: $a, shop: $a) { sequence } }";
  expect(() => planner.plan(generation, { query: twice })).toThrow(/type "ID"/);
});
