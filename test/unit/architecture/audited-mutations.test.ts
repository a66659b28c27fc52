// Every mutation says what happened: an event that the audit log records.
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reachableNodes } from "../../../schema/reachable-code.ts";
import { type ResolverCode, resolversIn } from "../../../schema/resolver-code.ts";
import { createModuleReader, nameOf } from "../../../schema/source-code.ts";

const ROOT = join(import.meta.dirname, "../../..");
const EVENT_TYPE = /^[a-z]+(?:\.[a-z_]+)+\.v[1-9]\d*$/;

/** Mutations that change nothing which anybody would look for in the log, and why. */
const SILENT: Readonly<Record<string, string>> = {
  passkeyBegin: "A passkey counts for nothing until it is enrolled, and that is an event.",
  passkeyChallenge: "A question changes nothing; what is done with its answer is an event.",
  providerSignInBegin: "Nobody is anybody yet; the session that follows is an event.",
  totpEnroll: "An app counts for nothing until it is confirmed, and that is an event.",
};

/** What the log should tell and does not yet. */
const GAPS = ["cacheEvict", "liveSubscriptionClose"];

const read = createModuleReader();
const mutations = globSync("{subgraphs,gateway}/**/{resolvers.ts,resolvers/**/*.ts}", { cwd: ROOT })
  .sort()
  .flatMap((file) => read(join(ROOT, file)) ?? [])
  .flatMap(resolversIn)
  .filter(({ type }) => type === "Mutation");

function eventsOf({ node, module }: ResolverCode): string[] {
  const names = [...reachableNodes(node, module, read)].flatMap((part) =>
    part.type === "Literal" ? (nameOf(part) ?? []) : [],
  );
  return [...new Set(names.filter((name) => EVENT_TYPE.test(name)))];
}

test("each mutation makes an event for the audit log, or is listed with the reason why not [S5] [S56]", () => {
  const without = mutations.filter((mutation) => eventsOf(mutation).length === 0).map(({ field }) => field);
  expect(without.toSorted()).toEqual([...Object.keys(SILENT), ...GAPS].toSorted());
});

test.each([
  ["organizationUpdate", "user.organization.updated.v1"],
  ["membershipRemove", "user.membership.removed.v1"],
  ["sessionCreate", "user.session.rejected.v1"],
  ["sessionCreate", "user.sign_in.rejected.v1"],
  ["passwordReset", "user.session.revoked.v1"],
  ["deadLetterDiscard", "audit.dead_letter.discarded.v1"],
  ["invoicePay", "billing.payment.processing.v1"],
])("the search finds that %s makes %s", (field, type) => {
  const mutation = mutations.find((each) => each.field === field);
  expect(mutation === undefined ? [] : eventsOf(mutation)).toContain(type);
});
