import { expect, test } from "vitest";
import { OrganizationId } from "../../../../../platform/auth/principal-ids.ts";
import { createTextSeal } from "../../../../../platform/auth/text-seal.ts";
import { createDocumentLinks } from "../../../../../subgraphs/billing/documents/document-links.ts";

const SECRET = "a secret of at least thirty-two letters";
const organizationId = OrganizationId.require("org_01936b2e-89e0-7c13-8fa6-52f52d91fc90");
const invoice = { id: "inv_01936b2e-25e6-7c9b-86be-0fb773433c28", organizationId };

let now = new Date("2026-12-01T10:00:00Z");
const linksWith = (...secrets: string[]) =>
  createDocumentLinks({
    ...{ subgraph: "billing", baseUrl: "https://tributary.example" },
    ...{ seal: createTextSeal("document links", secrets), clock: { now: () => now } },
  });
const links = linksWith(SECRET);
const tokenOf = (url: string) => new URL(url).searchParams.get("token");

test("a link is an address of the gateway that names the document, and not whose it is", () => {
  const url = new URL(links.linkTo("invoices", invoice));
  expect(`${url.origin}${url.pathname}`).toBe(`https://tributary.example/documents/billing/invoices/${invoice.id}`);
  expect(url.href).not.toContain(organizationId);
});

test("a link is good for 15 minutes", () => {
  const token = tokenOf(links.linkTo("invoices", invoice));
  const made = now;
  now = new Date(made.getTime() + 15 * 60_000);
  expect(links.read("invoices", invoice.id, token)).toEqual({ state: "GOOD", organizationId });
  now = new Date(now.getTime() + 1);
  expect(links.read("invoices", invoice.id, token)).toEqual({ state: "EXPIRED" });
  now = made;
});

test("a link opens the one document that it was made for, and none that was changed", () => {
  const token = tokenOf(links.linkTo("invoices", invoice)) ?? "";
  const other = "inv_01936b2e-25e6-7c9b-86be-0fb773433c29";
  expect(links.read("invoices", other, token).state).toBe("FORGED");
  expect(links.read("credit-notes", invoice.id, token).state).toBe("FORGED");
  for (const wrong of [null, "", "x", token.slice(1), `A${token.slice(1)}`, `${token.slice(0, -2)}AA`]) {
    if (wrong !== token) expect(links.read("invoices", invoice.id, wrong).state).toBe("FORGED");
  }
});

test("a link goes on when the installation has a newer secret, and ends with the one that made it", () => {
  const token = tokenOf(links.linkTo("invoices", invoice));
  expect(
    linksWith("a newer secret, which is as long as it has to be", SECRET).read("invoices", invoice.id, token).state,
  ).toBe("GOOD");
  expect(linksWith("a newer secret, which is as long as it has to be").read("invoices", invoice.id, token).state).toBe(
    "FORGED",
  );
});
