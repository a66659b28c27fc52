import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lookUpLanguage } from "../../../../subgraphs/user/mail/mail-language.ts";
import { createMailTemplates, OUR_TEMPLATES } from "../../../../subgraphs/user/mail/mail-templates.ts";
import { SAMPLE_WORDS, sampleMail } from "../../../../subgraphs/user/mail/preview/sample-mails.ts";
import { renderMail } from "../../../../subgraphs/user/mail/render-mail.ts";
import { readTemplateFiles } from "../../../../subgraphs/user/mail/template-files.ts";
import { TEMPLATE_NAMES, type Words } from "../../../../subgraphs/user/mail/template-values.ts";

const URL = "https://tributary.example/verify?token=trv_x";
const LANGUAGES = ["de", "en", "fr"];

const files = await readTemplateFiles([OUR_TEMPLATES]);
const render = (words: Words, locale: string | null = "en") =>
  renderMail(files, { reader: { locale, timeZone: null }, words, url: URL }, "en");

/** All words in which a user's text stands, with this one. */
const wordsWith = (name: string): readonly Words[] => [
  { template: "invitation", values: { inviter: name, organization: name } },
  { template: "welcome", values: { displayName: name } },
  { template: "organization_welcome", values: { displayName: name, organization: name } },
  { template: "organization_deletion", values: { displayName: name, organization: name, day: new Date(0) } },
  { template: "email_change_approval", values: { displayName: name, newAddress: name } },
  { template: "receipt", values: { ...money(name), number: "2026-000001", amount: YEN, credit: null } },
  { template: "payment_failed", values: { ...money(name), amount: YEN } },
  { template: "plan_past_due", values: money(name) },
  { template: "plan_ended", values: money(name) },
  { template: "plan_ended_unpaid", values: money(name) },
];

const money = (name: string) => ({ displayName: name, organization: name });
const YEN = { amountMinor: 900n, currency: "JPY", exponent: 0 };

/** What mail programs make a link of, widely read: a scheme, or a dot between two characters that are no space. */
const LINK = /[a-z][a-z0-9+.-]*:[^\s]|[^\s]@[^\s]+[.。．｡][^\s]|[^\s.][.。．｡][^\s.]/iu;

describe.each(LANGUAGES)("in %s", (locale) => {
  test.each(SAMPLE_WORDS.map((words) => [words.template, words] as const))("%s has words", (_, words) => {
    const { subject, text, html, language } = render(words, locale);
    expect(language).toBe(locale);
    for (const written of [subject, text, html]) expect(written).not.toMatch(/\{\{|\{%|undefined|null|\[object/);
    expect(text.split("\n")).toContain(URL);
    expect(html).toContain(`lang="${locale}"`);
    expect(html).toContain(`<a href="${URL}"`);
    for (const value of Object.values(words.values)) {
      if (typeof value === "string" && !value.includes("@")) expect(`${subject}\n${text}`).toContain(value);
    }
  });
});

test("there are samples and words of every mail, in every language [S78]", async () => {
  expect(SAMPLE_WORDS.map(({ template }) => template).toSorted()).toEqual(TEMPLATE_NAMES.toSorted());
  for (const language of LANGUAGES) {
    const names = (await readdir(join(OUR_TEMPLATES, language))).filter((name) => name !== "frame.json");
    expect(names.toSorted()).toEqual(TEMPLATE_NAMES.map((name) => `${name}.json`).toSorted());
  }
});

test.each([
  ["de-AT", "de"],
  ["de-Latn-AT-u-co-phonebk", "de"],
  ["fr-CA", "fr"],
  ["en-GB", "en"],
  ["pt-BR", undefined],
  ["d", undefined],
  [null, undefined],
])("a reader of %s reads %s", (locale, language) => {
  expect(lookUpLanguage(locale, new Set(LANGUAGES))).toBe(language);
});

test("whoever chose no language, or one that nobody wrote, reads that of the installation", () => {
  const words: Words = { template: "welcome", values: { displayName: "Ada" } };
  const mail = { words, url: URL };
  expect(renderMail(files, { ...mail, reader: { locale: "pt-BR", timeZone: null } }, "de").language).toBe("de");
  expect(renderMail(files, { ...mail, reader: undefined }, "fr-CH").language).toBe("fr");
  expect(renderMail(files, { ...mail, reader: undefined }, "pt").language).toBe("en");
});

test("a day is written as the reader's country does, and where the reader is", () => {
  const words: Words = {
    template: "organization_deletion",
    values: { displayName: "Ada", organization: "Acme", day: new Date("2027-01-31T23:30:00Z") },
  };
  const at = (locale: string, timeZone: string | null) =>
    renderMail(files, { reader: { locale, timeZone }, words, url: URL }, "en").text;
  expect(at("en-GB", null)).toContain("31 January 2027");
  expect(at("en-US", null)).toContain("January 31, 2027");
  expect(at("de-AT", null)).toContain("31. Jänner 2027");
  expect(at("de-DE", "Europe/Vienna")).toContain("1. Februar 2027");
  expect(at("pt-BR", null)).toContain("January 31, 2027");
});

test("an amount is written as the reader's country does, exactly, and credit is told where there was some", () => {
  const receipt = (locale: string | null, credit: bigint | null, displayName: string | null = "Ada") =>
    renderMail(
      files,
      {
        reader: { locale, timeZone: null },
        words: {
          template: "receipt",
          values: {
            ...{ displayName, organization: "Acme", number: "2026-000001", amount: euros(123_456_789_012_345_678_90n) },
            credit: credit === null ? null : euros(credit),
          },
        },
        url: URL,
      },
      "en",
    ).text.replaceAll(/[\u00A0\u202F]/g, " ");
  expect(receipt("en-GB", null)).toContain("over €123,456,789,012,345,678.90 is paid. Thank you.");
  expect(receipt("de-AT", null)).toContain("über € 123.456.789.012.345.678,90 ist bezahlt. Vielen Dank.");
  expect(receipt("fr", 500n)).toContain("Votre crédit en a couvert 5,00 €.");
  expect(receipt(null, 500n)).toContain("€5.00 of it came from your credit.");
  // A department has no name of a person.
  expect(receipt("en", null, null)).toMatch(/^Hello,\n/);
});

const euros = (amountMinor: bigint) => ({ amountMinor, currency: "EUR", exponent: 2 });

test("the link that ends mails stands in those that have one, and in no other", () => {
  const withLink = SAMPLE_WORDS.filter(
    (words) =>
      render(words).text.includes("unsubscribe") ||
      renderMail(files, sampleMail(words, "en", URL), "en").text.includes("/unsubscribe?"),
  );
  expect(withLink.map(({ template }) => template).toSorted()).toEqual(["organization_welcome", "welcome"]);
});

describe("names", () => {
  test.each([
    "You won! claim at http://evil.example/x",
    "www.evil.example",
    "evil.example",
    "mail eve@evil.example now",
    "javascript:alert(1)",
    "evil。example",
    "1.2.3.4",
    "{{ 7 | times: 191 }}",
    '"><a href="https://evil.example">',
  ])("hold no link, no markup and no template in a mail: %s", (name) => {
    for (const words of wordsWith(name)) {
      for (const locale of LANGUAGES) {
        const { subject, text, html } = render(words, locale);
        expect(subject).not.toMatch(LINK);
        expect(text.replace(URL, "")).not.toMatch(LINK);
        expect(html.match(/<a /g)).toHaveLength(1);
        const body = html.slice(html.indexOf("<body"));
        expect(body.replaceAll(/<[^>]*>/g, " ")).not.toMatch(LINK);
        expect(`${subject}${text}`).not.toContain("1337");
      }
    }
  });

  test("without an address stay as they are", () => {
    const subject = (name: string) =>
      render({ template: "invitation", values: { inviter: null, organization: name } }).subject;
    expect(subject("Müller & Söhne GmbH")).toBe("Invitation to Müller & Söhne GmbH");
    expect(subject("Acme Inc.")).toBe("Invitation to Acme Inc.");
  });

  test("whatever they are, the only link of a mail is ours", () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.emailAddress(), fc.domain(), fc.string()), (name) => {
        for (const words of wordsWith(name)) {
          expect(render(words).text.replace(URL, "")).not.toMatch(/[a-z0-9][.:][a-z0-9/]/i);
        }
      }),
    );
  });
});

describe("one's own words", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tributary-mails-"));
    await mkdir(join(folder, "en"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const OWN = { subject: "Hi", greeting: "Hi {{ displayName }}", paragraphs: ["Come in."], action: "Enter" };
  const write = (place: string, content: unknown) =>
    writeFile(join(folder, place), typeof content === "string" ? content : JSON.stringify(content));
  const load = () => createMailTemplates({ folder, language: "en" }).load();

  test("take the place of ours, file by file, and may add a language", async () => {
    await mkdir(join(folder, "pt-BR"));
    await write("en/welcome.json", OWN);
    await write("pt-BR/welcome.json", { ...OWN, subject: "Oi" });
    await write("frame.txt.liquid", "{{ greeting }} - {{ url }}");
    const templates = createMailTemplates({ folder, language: "en" });
    const mail = (words: Words, locale: string) =>
      templates.render({ reader: { locale, timeZone: null }, words, url: URL });
    const welcome: Words = { template: "welcome", values: { displayName: "Ada" } };
    expect(await mail(welcome, "en")).toMatchObject({ subject: "Hi", text: `Hi Ada - ${URL}` });
    expect(await mail(welcome, "pt-BR")).toMatchObject({ subject: "Oi", language: "pt-BR" });
    expect(await mail({ template: "password_reset", values: {} }, "pt-BR")).toMatchObject({ language: "en" });
  });

  test.each([
    ["a value that there is not", "en/welcome.json", { ...OWN, greeting: "{{ password }}" }, /password.*displayName/s],
    ["a mail that there is not", "en/welcom.json", OWN, /welcom\.json: there is no such mail/],
    ["a part that is missing", "en/welcome.json", { subject: "Hi" }, /welcome\.json.*greeting/s],
    ["a part that there is not", "en/welcome.json", { ...OWN, signature: "x" }, /signature/],
    ["what is no JSON", "en/welcome.json", "{", /welcome\.json/],
    ["a template that does not end", "en/welcome.json", { ...OWN, subject: "{{ displayName" }, /welcome\.json/],
    ["a filter that there is not", "en/welcome.json", { ...OWN, subject: "{{ displayName | shout }}" }, /shout/],
    ["an unknown value in the frame", "frame.html.liquid", "{{ secret }}", /frame\.html.*secret/s],
  ])("are refused with the file's name: %s", async (_, place, content, reason) => {
    await write(place, content);
    await expect(load()).rejects.toThrow(reason);
  });

  test("are refused in a folder that is no language", async () => {
    await mkdir(join(folder, "english_us"));
    await expect(load()).rejects.toThrow(/english_us: a language's folder/);
  });

  test("are refused where the folder is missing", async () => {
    await expect(createMailTemplates({ folder: join(folder, "none"), language: "en" }).load()).rejects.toThrow(/none/);
  });
});
