import { expect, test } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../../../platform/config/parse-config.ts";

const schema = z.object({
  PORT: z.coerce.number().int().max(65535).default(4000).describe("Port to listen on"),
  SECRET: z.string().min(32).describe("Signs things"),
  URL: z.url().describe("Address"),
});

test("all problems are reported together, by key, and no value is printed [S119]", () => {
  const secret = "too-short-but-secret";
  const failure = () => parseConfig(schema, { PORT: "99999999", SECRET: secret });
  expect(failure).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(failure).toThrow(/PORT: .*Port to listen on[\s\S]*SECRET: [\s\S]*URL: is not set \(Address\)/);
  expect(failure).not.toThrow(secret);
});

test("an empty variable counts as not set, so defaults apply", () => {
  const parsed = parseConfig(schema, { PORT: "", SECRET: "s".repeat(32), URL: "http://x.test" });
  expect(parsed.PORT).toBe(4000);
});
