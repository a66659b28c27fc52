import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import {
  INVITATION_TOKEN,
  mintToken,
  parseToken,
  REFRESH_TOKEN,
  VERIFICATION_TOKEN,
} from "../../../../subgraphs/user/credentials/opaque-token.ts";
import { loadSigningKeys } from "../../../../subgraphs/user/credentials/signing-keys.ts";

const ids = createIdSource(systemClock);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-keys-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a token names its owner, and its hash is that of the whole token", () => {
  const owner = ids.next("usr");
  const { token, hash } = mintToken(REFRESH_TOKEN, owner);
  expect(token).toMatch(/^trr_[A-Za-z0-9_-]{64}$/);
  expect(parseToken(REFRESH_TOKEN, token)).toEqual({ ownerId: owner, hash });
  const altered = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
  expect(parseToken(REFRESH_TOKEN, altered)?.hash).not.toBe(hash);
});

test("a token of one kind is none of another, and two tokens are never alike", () => {
  const { token } = mintToken(VERIFICATION_TOKEN, ids.next("usr"));
  expect(parseToken(REFRESH_TOKEN, token)).toBeUndefined();
  expect(parseToken(VERIFICATION_TOKEN, token.replace("trv_", "trr_"))).toBeUndefined();
  for (const text of ["", "trv_", `${token}x`, token.slice(0, -1), `${token.slice(0, -1)}!`]) {
    expect(parseToken(VERIFICATION_TOKEN, text)).toBeUndefined();
  }
  const owner = ids.next("org");
  expect(mintToken(INVITATION_TOKEN, owner).token).not.toBe(mintToken(INVITATION_TOKEN, owner).token);
});

test("signing keys are made once, readable by their owner only, also when processes start together", async () => {
  const file = join(folder, "deep", "keys.json");
  const loaded = await Promise.all(Array.from({ length: 5 }, () => loadSigningKeys(file)));
  expect(new Set(loaded.map(({ kid }) => kid)).size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(loaded[0]?.publicKeys[0]).toMatchObject({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig" });
  expect(JSON.stringify(loaded[0]?.publicKeys)).not.toContain(JSON.parse(await readFile(file, "utf8")).keys[0].d);
});

test("the last key of the file signs, and all of them are published", async () => {
  const file = join(folder, "keys.json");
  await loadSigningKeys(file);
  const other = join(folder, "other.json");
  const newest = await loadSigningKeys(other);
  const keys = [...JSON.parse(await readFile(file, "utf8")).keys, ...JSON.parse(await readFile(other, "utf8")).keys];
  await writeFile(file, JSON.stringify({ keys }));
  const rotated = await loadSigningKeys(file);
  expect(rotated.kid).toBe(newest.kid);
  expect(rotated.publicKeys).toHaveLength(2);
});

test("a key file that is no key set stops the start with advice", async () => {
  const file = join(folder, "keys.json");
  await writeFile(file, '{"keys": []}');
  await expect(loadSigningKeys(file)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
