import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTextSeal } from "../../../../platform/auth/text-seal.ts";
import { mintRecoveryCodes, recoveryCodeHash } from "../../../../subgraphs/user/credentials/recovery-codes.ts";
import { newTotpSecret, stepOfCode, totpUri } from "../../../../subgraphs/user/credentials/totp.ts";
import { UserId } from "../../../../subgraphs/user/domain/ids.ts";
import { pausesCodes, type SecondFactor } from "../../../../subgraphs/user/domain/second-factor.ts";

const ADA = UserId.require("usr_01936b2e-7087-7fd3-80fe-f19008758f49");
const EVE = UserId.require("usr_01936b2e-7087-7fd3-80fe-f19008758f50");

describe("codes of an app", () => {
  /** "12345678901234567890", the secret of RFC 6238, appendix B. */
  const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

  test.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
  ])("are those of RFC 6238: at %i s it is %s", (seconds, code) => {
    expect(stepOfCode(SECRET, code, new Date(seconds * 1_000))).toBe(BigInt(Math.floor(seconds / 30)));
  });

  test("may be a step early or late, not two, and tell their own step", () => {
    const at = (offset: number) => stepOfCode(SECRET, "005924", new Date((1_234_567_890 + offset) * 1_000));
    expect([at(-30), at(0), at(30)]).toEqual([41_152_263n, 41_152_263n, 41_152_263n]);
    expect([at(-60), at(60)]).toEqual([undefined, undefined]);
  });

  test("are six digits, written in groups or not", () => {
    const at = new Date(59_000);
    expect(stepOfCode(SECRET, " 287 082 ", at)).toBe(1n);
    for (const code of ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢"])
      expect(stepOfCode(SECRET, code, at)).toBeUndefined();
  });

  test("a new secret has 160 bits, and its address names account and issuer", () => {
    const secret = newTotpSecret();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const uri = new URL(totpUri(secret, "ada@example.com"));
    expect([uri.protocol, uri.searchParams.get("secret"), uri.searchParams.get("issuer")]).toEqual([
      "otpauth:",
      secret,
      "Tributary",
    ]);
    expect(decodeURIComponent(uri.pathname)).toContain("ada@example.com");
  });
});

describe("recovery codes", () => {
  test("are ten, all different, and found however they are written", () => {
    const codes = mintRecoveryCodes(ADA);
    expect(new Set(codes.map(({ code }) => code)).size).toBe(10);
    for (const { code, hash } of codes) {
      expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
      expect(recoveryCodeHash(ADA, ` ${code.toUpperCase().replaceAll("-", " ")} `)).toBe(hash);
      expect(recoveryCodeHash(EVE, code)).not.toBe(hash);
    }
  });
});

describe("sealed text", () => {
  test("opens for its owner alone, with any of the secrets, and is never the same twice", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const before = createTextSeal("test", ["old"]);
        const sealed = before.seal(text, ADA);
        expect(createTextSeal("test", ["new", "old"]).open(sealed, ADA)).toBe(text);
        expect(before.seal(text, ADA)).not.toBe(sealed);
        expect(() => before.open(sealed, EVE)).toThrow("not sealed");
        expect(() => createTextSeal("test", ["new"]).open(sealed, ADA)).toThrow("not sealed");
        expect(() => createTextSeal("other", ["old"]).open(sealed, ADA)).toThrow("not sealed");
      }),
    );
  });

  test("is refused when a bit of it was changed, and when it is none", () => {
    const seal = createTextSeal("test", ["secret"]);
    const bytes = Buffer.from(seal.seal("text", ADA), "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => seal.open(changed.toString("base64url"), ADA)).toThrow("not sealed");
    }
    for (const text of ["", "x", "not sealed at all"]) expect(() => seal.open(text, ADA)).toThrow("not sealed");
  });
});

test("after ten wrong codes in a row none is looked at for a quarter of an hour", () => {
  const now = new Date("2026-11-29T12:00:00Z");
  const factor = (wrongCodes: number, minutesAgo: number): SecondFactor => ({
    userId: ADA,
    sealedSecret: "",
    createdAt: now,
    confirmedAt: now,
    wrongCodes,
    lastWrongAt: new Date(now.getTime() - minutesAgo * 60_000),
  });
  expect([factor(9, 0), factor(10, 14), factor(10, 15), factor(400, 1)].map((each) => pausesCodes(each, now))).toEqual([
    false,
    true,
    false,
    true,
  ]);
});
