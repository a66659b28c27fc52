import { expect, test } from "vitest";
import { openWorkTree } from "./work-tree.ts";

/** Importing file, specifier. Each must be reported. */
const forbidden: readonly (readonly [string, string])[] = [
  ["prisma/migrate.ts", "../platform/clock.ts"],
  ["prisma/migrate.ts", "../subgraphs/user/index.ts"],
  ["prisma/migrate.ts", "../schema/compose.ts"],
  ["schema/compose.ts", "../platform/clock.ts"],
  ["schema/compose.ts", "../gateway/live/plan.ts"],
  ["schema/compose.ts", "../prisma/migrate.ts"],
  ["platform/cache/cache.ts", "../../subgraphs/user/index.ts"],
  ["platform/cache/cache.ts", "../../gateway/live/plan.ts"],
  ["platform/cache/cache.ts", "../../test/support/wait.ts"],
  ["platform/cache/cache.ts", "../../web-client/src/app.ts"],
  ["subgraphs/billing/store.ts", "../user/index.ts"],
  ["subgraphs/billing/store.ts", "../../subgraphs/user/index.ts"],
  ["subgraphs/billing/store.ts", "../../gateway/live/plan.ts"],
  ["subgraphs/billing/commands/pay.ts", "../../user/store.ts"],
  ["subgraphs/billing/commands/cards/attach.ts", "../../../user/store.ts"],
  ["subgraphs/billing/resolvers/invoice.ts", "../../../prisma/billing/client.ts"],
  ["subgraphs/billing/resolvers/invoice.ts", "@prisma/client"],
  ["subgraphs/billing/resolvers/invoice.ts", "../../user/index.ts"],
  ["subgraphs/billing/index.ts", "../../prisma/billing/client.ts"],
  ["subgraphs/billing/loaders.ts", "../../prisma/billing/generated/client.ts"],
  ["subgraphs/billing/consumers.ts", "../../platform/database/transaction.ts"],
  ["subgraphs/billing/loaders.ts", "./store/tables.ts"],
  ["subgraphs/billing/commands/pay.ts", "../../../prisma/billing/client.ts"],
  ["subgraphs/billing/commands/pay.ts", "../../../prisma/billing/generated/models/Invoice.ts"],
  ["subgraphs/billing/commands/pay.ts", "@prisma/client/runtime/client"],
  ["subgraphs/billing/commands/pay.ts", "../store/tables.ts"],
  ["subgraphs/billing/commands/cards/attach.ts", "../../../../prisma/billing/client.ts"],
  ["subgraphs/billing/commands/cards/attach.ts", "../../store/tables.ts"],
  ["subgraphs/billing/resolvers/invoice.ts", "../store/tables.ts"],
  ["subgraphs/billing/store/invoices.ts", "../../user/store/users.ts"],
  ["platform/events/outbox.ts", "../../prisma/billing/client.ts"],
  ["gateway/embedded.ts", "../prisma/billing/client.ts"],
  ["subgraphs/billing/store.ts", "../list.ts"],
  ["subgraphs/billing/commands/pay.ts", "../../list.ts"],
  ["subgraphs/notes/commands/write.ts", "../../user/store.ts"],
  ["subgraphs/list.ts", "./user/index.ts"],
  ["subgraphs/list.ts", "../gateway/live/plan.ts"],
  ["gateway/embedded.ts", "../subgraphs/user/store.ts"],
  ["gateway/embedded.ts", "../subgraphs/user/index.ts"],
  ["gateway/embedded.ts", "../subgraphs/user/subgraph.ts"],
  ["gateway/embedded.ts", "../test/support/wait.ts"],
  ["web-client/src/app.ts", "../../platform/clock.ts"],
  ["web-client/src/app.ts", "../../gateway/live/plan.ts"],
  ["web-client/src/app.ts", "../../schema/generated/billing.ts"],
];

const allowed: readonly (readonly [string, string])[] = [
  ["platform/database/tenant-transaction.ts", "../../prisma/tenant-scope.ts"],
  ["platform/events/outbox.ts", "../../schema/generated/events.ts"],
  ["platform/events/outbox.ts", "../clock.ts"],
  ["subgraphs/audit/store/tables.ts", "../../../platform/database/transaction.ts"],
  ["subgraphs/audit/store/entries.ts", "../../../prisma/audit/generated/models/AuditEntry.ts"],
  ["subgraphs/audit/store/entries.ts", "./tables.ts"],
  ["subgraphs/audit/commands/record.ts", "../store/entries.ts"],
  ["subgraphs/user/operator/database.ts", "../../../prisma/databases.ts"],
  ["gateway/embedded.ts", "../prisma/databases.ts"],
  ["subgraphs/audit/commands/record.ts", "../../../platform/clock.ts"],
  ["subgraphs/audit/commands/entries/seal.ts", "../../store/entries.ts"],
  ["subgraphs/audit/resolvers/entry.ts", "../../../schema/generated/audit.ts"],
  ["subgraphs/notes/commands/write.ts", "../store.ts"],
  ["subgraphs/audit/verify-main.ts", "./subgraph.ts"],
  ["subgraphs/main.ts", "./list.ts"],
  ["subgraphs/main.ts", "../platform/clock.ts"],
  ["gateway/live/plan.ts", "../../subgraphs/list.ts"],
  ["web-client/src/list.ts", "../../schema/generated/operations.ts"],
  ["web-client/src/list.ts", "./row.ts"],
  ["test/unit/billing/policies.test.ts", "../../../subgraphs/billing/policies.ts"],
];

const sourcesOf = (imports: readonly (readonly [string, string])[]): Map<string, string> => {
  const sources = new Map<string, string>();
  for (const [file, specifier] of imports) {
    sources.set(file, `${sources.get(file) ?? ""}export { value } from "${specifier}";\n`);
  }
  return sources;
};

test("every import against the arrows is reported, no other one is [S8]", async () => {
  using tree = openWorkTree();
  for (const [file, source] of sourcesOf([...forbidden, ...allowed])) tree.write(file, source);
  const { output } = await tree.judge("style and import arrows");
  const reported = [...output.matchAll(/^(\S+\.ts):(\d+):\d+ lint\/style\/noRestrictedImports/gm)].map(
    ([, file, line]) => `${file}:${line}`,
  );

  const lines = new Map<string, number>();
  const expected = forbidden.map(([file]) => {
    const line = (lines.get(file) ?? 0) + 1;
    lines.set(file, line);
    return `${file}:${line}`;
  });
  expect(reported.sort()).toEqual(expected.sort());
});

test("a screen that would ask Apollo Client without the cached answer is reported", async () => {
  using tree = openWorkTree();
  tree.write("web-client/src/pages/page.tsx", 'export { useQuery } from "@apollo/client/react";\n');
  tree.write("web-client/src/pages/form.tsx", 'export { useMutation } from "@apollo/client/react";\n');
  const { output } = await tree.judge("style and import arrows");
  expect([...output.matchAll(/^(\S+):\d+:\d+ lint\/style\/noRestrictedImports/gm)].map(([, file]) => file)).toEqual([
    "web-client/src/pages/page.tsx",
  ]);
});

test("only configuration, process entries and tests read the environment", async () => {
  using tree = openWorkTree();
  const source = 'export const port = process.env["PORT"];\n';
  for (const file of ["platform/http/server.ts", "platform/config/read.ts", "gateway/main.ts", "prisma/seed-main.ts"]) {
    tree.write(file, source);
  }
  const { output } = await tree.judge("style and import arrows");
  expect([...output.matchAll(/^(\S+):\d+:\d+ lint\/style\/noProcessEnv/gm)].map(([, file]) => file)).toEqual([
    "platform/http/server.ts",
  ]);
});
