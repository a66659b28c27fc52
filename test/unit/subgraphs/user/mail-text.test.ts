import fc from "fast-check";
import { expect, test } from "vitest";
import { mailText } from "../../../../subgraphs/user/mail/mail-text.ts";

const URL = "https://tributary.example/verify?token=trv_x";
const mailWith = (name: string) =>
  mailText({
    subject: `Invitation to ${name}`,
    greeting: `Hello ${name},`,
    paragraphs: [`${name} invites you to ${name} on Tributary.`],
    link: { label: "Accept the invitation", url: URL },
    footnote: `From ${name}. The link works once.`,
  });

/** What mail programs make a link of, widely read: a scheme, or a dot between two characters that are no space. */
const LINK = /[a-z][a-z0-9+.-]*:[^\s]|[^\s]@[^\s]+[.。．｡][^\s]|[^\s.][.。．｡][^\s.]/iu;

test.each([
  "You won! claim at http://evil.example/x",
  "www.evil.example",
  "evil.example",
  "mail eve@evil.example now",
  "javascript:alert(1)",
  "evil。example",
  "1.2.3.4",
])("a name holds no link in a mail: %s", (name) => {
  const { subject, text, html } = mailWith(name);
  expect(subject).not.toMatch(LINK);
  expect(text.replace(URL, "")).not.toMatch(LINK);
  expect(html.replace(`<a href="${URL}">`, "")).not.toMatch(/<a |href/);
  expect(html.replaceAll(/<[^>]*>/g, " ")).not.toMatch(LINK);
});

test("names without an address stay as they are", () => {
  expect(mailWith("Müller & Söhne GmbH").subject).toBe("Invitation to Müller & Söhne GmbH");
  expect(mailWith("Acme Inc.").subject).toBe("Invitation to Acme Inc.");
});

test("whatever a name is, the only link of a mail is ours", () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.emailAddress(), fc.domain(), fc.string()), (name) => {
      expect(mailWith(name).text.replace(URL, "")).not.toMatch(/[a-z0-9][.:][a-z0-9/]/i);
    }),
  );
});
