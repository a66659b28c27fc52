import { expect, test } from "vitest";
import {
  checkDisplayName,
  checkEmail,
  checkNewPassword,
  checkOrganizationName,
  checkPresent,
} from "../../../web-client/src/forms/validation.ts";

test("a password has 12 characters or more [S15]", () => {
  expect(checkNewPassword("elevenchars")).toMatch(/12 characters/);
  expect(checkNewPassword("twelve chars")).toBeUndefined();
});

test("a password has at most 72 bytes of UTF-8, however few characters that are [S15]", () => {
  expect(checkNewPassword("x".repeat(72))).toBeUndefined();
  expect(checkNewPassword("x".repeat(73))).toMatch(/72 bytes/);
  expect(checkNewPassword("😀".repeat(18))).toBeUndefined();
  expect(checkNewPassword("😀".repeat(19))).toMatch(/72 bytes/);
});

test("an emoji counts as one character of a password", () => {
  expect(checkNewPassword("😀".repeat(11))).toMatch(/12 characters/);
});

test.each(["ada@example.com", " ada@example.com ", "a+b@sub.example.org", "grüße@exämple.de"])(
  "%j is taken as an e-mail address [S15]",
  (email) => expect(checkEmail(email)).toBeUndefined(),
);

test.each([
  "",
  "ada",
  "ada@",
  "@example.com",
  "ada@example",
  "ada@@example.com",
  "a b@example.com",
  "ada@example..com",
])("%j is no e-mail address [S15]", (email) => expect(checkEmail(email)).toBeDefined());

test("an e-mail address has at most 254 characters", () => {
  expect(checkEmail(`${"a".repeat(243)}@example.com`)).toMatch(/254/);
});

test("names are counted without the blanks around them", () => {
  expect(checkDisplayName("   ")).toMatch(/missing/);
  expect(checkDisplayName(" A ")).toBeUndefined();
  expect(checkDisplayName("x".repeat(81))).toMatch(/80/);
  expect(checkOrganizationName(" x ")).toMatch(/2 characters/);
  expect(checkOrganizationName("xy")).toBeUndefined();
});

test("a required value is asked for by its name", () => {
  expect(checkPresent("your password")("")).toBe("Enter your password.");
  expect(checkPresent("your password")("x")).toBeUndefined();
});
