// What a dashboard asks for over the platform's own supergraph: which services are asked at the same time.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startStandalone } from "./standalone-gateway.ts";

const SUPERGRAPH = fileURLToPath(new URL("../../../schema/generated/supergraph.graphql", import.meta.url));

const DASHBOARD = `query Dashboard($id: ID!) {
  organization(id: $id) {
    name
    billingAccount { currency invoices(first: 3) { edges { node { number } } } }
    auditLog(first: 3) { edges { node { action } } }
  }
}`;

const ANSWERS: Readonly<Record<string, object>> = {
  user: { organization: { __typename: "Organization", id: "org_1", name: "Works" } },
  billing: {
    _entities: [{ billingAccount: { currency: "EUR", invoices: { edges: [{ node: { number: "2026-1" } }] } } }],
  },
  audit: { _entities: [{ auditLog: { edges: [{ node: { action: "INVOICE_PAID" } }] } }] },
};

/** Stands for the subgraphs: billing and audit answer nobody before both of them have been asked. */
async function startServices() {
  const asked: string[] = [];
  const both = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const name = request.url?.split("/")[1] ?? "";
    asked.push(name);
    if (asked.includes("billing") && asked.includes("audit")) both.resolve();
    void (name === "user" ? Promise.resolve() : both.promise).then(() =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ data: ANSWERS[name] ?? null })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    addressOf: (name: string) => `http://127.0.0.1:${port}/${name}/graphql`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

test("a dashboard's billing and audit parts are fetched at the same time and merged with the organisation's [S73]", async () => {
  await using services = await startServices();
  const supergraph = (await readFile(SUPERGRAPH, "utf8")).replaceAll(
    /"http:\/\/(\w+)\.invalid\/graphql"/g,
    (_, name: string) => `"${services.addressOf(name)}"`,
  );
  await using gateway = await startStandalone(supergraph);
  const { body } = await gateway.post({ query: DASHBOARD, variables: { id: "org_1" } });
  expect(body).toEqual({
    data: {
      organization: {
        name: "Works",
        billingAccount: { currency: "EUR", invoices: { edges: [{ node: { number: "2026-1" } }] } },
        auditLog: { edges: [{ node: { action: "INVOICE_PAID" } }] },
      },
    },
  });
  expect(services.asked).toEqual([
    "user",
    expect.stringMatching(/billing|audit/),
    expect.stringMatching(/billing|audit/),
  ]);
});
