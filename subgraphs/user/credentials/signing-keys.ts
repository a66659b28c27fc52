/**
 * The keys that sign access tokens: a JWK set in a file that only its owner may read, made at the first start. The last
 * key signs, all are published: to rotate, append a key; remove the first one when its tokens have expired.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from "jose";
import { z } from "zod";
import { AppError } from "../../../platform/errors/app-error.ts";

const privateJwkSchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
});
const keyFileSchema = z.object({ keys: z.array(privateJwkSchema).min(1) });

export interface SigningKeys {
  readonly kid: string;
  readonly key: CryptoKey;
  /** Without the private parts. */
  readonly publicKeys: readonly Readonly<Record<string, unknown>>[];
}

/** @throws AppError `CONFIG_INVALID` when the file is there but is no set of Ed25519 keys */
export async function loadSigningKeys(file: string): Promise<SigningKeys> {
  const text = (await readIfPresent(file)) ?? (await createKeyFile(file));
  const keys = parseKeys(file, text);
  const newest = keys.at(-1);
  if (newest === undefined) throw new AppError("CONFIG_INVALID", `SIGNING_KEY_FILE: ${file} holds no key.`);
  const key = await importJWK(newest, "EdDSA");
  if (key instanceof Uint8Array)
    throw new AppError("CONFIG_INVALID", `SIGNING_KEY_FILE: ${file} holds no Ed25519 key.`);
  return {
    kid: newest.kid,
    key,
    publicKeys: keys.map(({ kty, crv, kid, x }) => ({ kty, crv, kid, x, alg: "EdDSA", use: "sig" })),
  };
}

function parseKeys(file: string, text: string) {
  try {
    return keyFileSchema.parse(JSON.parse(text)).keys;
  } catch (cause) {
    throw new AppError(
      "CONFIG_INVALID",
      `SIGNING_KEY_FILE: ${file} is not a JWK set of private Ed25519 keys. Restore it, or move it away to get a new one (everybody signs in again).`,
      { cause },
    );
  }
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AppError("CONFIG_INVALID", `SIGNING_KEY_FILE: ${file} cannot be read.`, { cause: error });
  }
}

/** Complete before it has its name, and never replacing another: processes that start together end up with one file. */
async function createKeyFile(file: string): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = await exportJWK(privateKey);
  const text = JSON.stringify({ keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk) }] }, null, 2);
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, `${text}\n`, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, file);
    return text;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return await readFile(file, "utf8");
    throw error;
  } finally {
    await unlink(draft);
  }
}
