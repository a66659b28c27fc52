import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../../schema/event-compatibility.ts";
import { readEventContracts } from "../../../schema/event-contracts.ts";
import { checkPersonalFields, personalFields } from "../../../schema/personal-fields.ts";

const contract = (properties: JsonSchema): JsonSchema => ({
  type: "object",
  properties: { userId: { type: "string", pattern: "^usr_[0-9a-f-]{36}$" }, ...properties },
});
const check = (properties: JsonSchema) => checkPersonalFields(new Map([["made.up.v1", contract(properties)]]));

describe("a part of an event that is about a person", () => {
  test("is found with whose it is, at any depth", () => {
    const schema = contract({
      changes: { "x-personal": "userId", properties: { email: { type: "string" } } },
      sessions: { items: { properties: { device: { "x-personal": "userId", type: "string" } } } },
    });
    expect(personalFields(schema)).toEqual([
      { path: "changes", person: "userId" },
      { path: "sessions[].device", person: "userId" },
    ]);
    expect(checkPersonalFields(new Map([["made.up.v1", schema]]))).toEqual([]);
  });

  test("must be marked when its name says so", () => {
    expect(check({ displayName: { type: "string" } })).toEqual([
      'Event contract made.up.v1: displayName is about a person: mark it with "x-personal", which names the property with their id',
    ]);
    expect(check({ members: { items: { properties: { email: { type: "string" } } } } })).toHaveLength(1);
    expect(check({ name: { type: "string" } })).toEqual([]);
  });

  test("must name a property with the id of a user", () => {
    for (const person of ["nobody", "organizationId"]) {
      const properties = { organizationId: { type: "string", pattern: "^org_" }, device: { "x-personal": person } };
      expect(check(properties)).toEqual([
        'Event contract made.up.v1: device is about a person, but "x-personal" names no property with the id of a user',
      ]);
    }
  });
});

test("the platform's events are marked: what is about a person, and about whom", () => {
  const contracts = readEventContracts("schema");
  const marked = [...contracts].flatMap(([type, schema]) =>
    personalFields(schema).map(({ path, person }) => `${type} ${path} ${person}`),
  );
  expect(marked).toEqual([
    "user.passkey.added.v1 name userId",
    "user.profile_updated.v1 changes userId",
    "user.reinstated.v1 reason userId",
    "user.saga.step_requested.v1 input userId",
    "user.session.created.v1 device userId",
    "user.suspended.v1 reason userId",
  ]);
});
