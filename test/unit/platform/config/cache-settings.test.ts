import { expect, test } from "vitest";
import { z } from "zod";
import { cacheSettings } from "../../../../platform/config/cache-settings.ts";
import { parseConfig } from "../../../../platform/config/parse-config.ts";

const read = (CACHE_TTL?: string) => parseConfig(z.object(cacheSettings), { CACHE_TTL }).CACHE_TTL;

test("people are kept for 5 minutes, rights for one, configuration for 30 [S39, S40]", () => {
  expect(read()).toEqual({ profile: 300, token: 60, configuration: 1_800 });
});

test("what is said of one kind changes that kind alone [S40]", () => {
  expect(read("profile=10")).toEqual({ ...read(), profile: 10 });
  expect(read(" token = 5 ,configuration=60")).toEqual({ ...read(), token: 5, configuration: 60 });
});

test.each([
  "profile",
  "profile=0",
  "profile=-1",
  "profile=1.5",
  "profile=x",
  "profile=1,profile=2",
  "orders=5",
  "profile=1,",
  "__proto__=1",
])("%s is refused, with the kinds there are [S40]", (text) => {
  expect(() => read(text)).toThrow(
    "CACHE_TTL: must be kind=seconds, comma-separated, each kind once: profile, token, configuration",
  );
});
