import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listSubgraphs } from "../../../subgraphs/list.ts";

const PLATFORM = join(import.meta.dirname, "../../../platform");

const sources = readdirSync(PLATFORM, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => [file, readFileSync(join(PLATFORM, file), "utf8")] as const);

/** What only a subgraph knows, whichever there are. */
const NOUNS =
  /\b(?:billing|invoices?|payments?|audit|memberships?|invitations?|catalogue|currency|bcrypt|password_hash)\b|PAYMENT_|BCRYPT_|BILLING_|AUDIT_|SMTP_URL|MAIL_FROM|SIGNING_KEY|_TOKEN_SECONDS/i;

/** "group membership" is Kafka's and Postgres' word for who shares a topic. */
const OTHER_MEANINGS = /group membership/g;

test("the platform knows no noun of a subgraph's domain, be it in a setting, a name or a comment [S8]", () => {
  const found = sources.flatMap(([file, text]) =>
    text.split("\n").flatMap((line, index) => {
      const match = NOUNS.exec(line.replaceAll(OTHER_MEANINGS, ""));
      return match === null ? [] : [`platform/${file}:${index + 1} ${match[0]}`];
    }),
  );
  expect(found).toEqual([]);
});

test("the platform names no subgraph of the list: not in a setting, a topic or an event type [S8]", async () => {
  const found = (await listSubgraphs()).flatMap(({ name }) => {
    const uses = new RegExp(
      `"${name}"|\\b${name}\\.[a-z_]+\\.|${name}\\.events|${name} subgraph|\\b${name.toUpperCase()}_(?:[A-Z]+_)?(?:PORT|URL)`,
    );
    return sources.filter(([, text]) => uses.test(text)).map(([file]) => `platform/${file} names ${name}`);
  });
  expect(found).toEqual([]);
});
