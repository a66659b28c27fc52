/**
 * Makes a mail of words and values: plain text, and the same as HTML, in the reader's language. Text among the values
 * comes from users: it is escaped, and nothing in it becomes a link. The only links of a mail are ours.
 */
import type { Template } from "liquidjs";
import { writeMoney } from "../../../schema/money.ts";
import type { ComposedMail, Reader } from "./mail-kind.ts";
import { lookUpLanguage } from "./mail-language.ts";
import { html, type Language, type ParsedWords, plainText, type TemplateFiles } from "./template-files.ts";
import type { TemplateName, TemplateValue, Words } from "./template-values.ts";

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** As a tag (BCP 47). */
  readonly language: string;
}

export interface MailToRender extends Pick<ComposedMail, "reader" | "words" | "url"> {
  /** Where its reader gets no more mails of its topic; absent: it has none. */
  readonly unsubscribeUrl?: string | undefined;
}

/** The language that every template is there in. */
const COMPLETE = "en";

/** @param fallback the language of those who chose none, or one that a template is missing in */
export function renderMail(
  { frames, languages }: TemplateFiles,
  { reader, words, url, unsubscribeUrl }: MailToRender,
  fallback: string,
): RenderedMail {
  const [language, parsed] = chooseWords(languages, words.template, [reader?.locale ?? null, fallback, COMPLETE]);
  const values = writtenValues(words, language, reader);
  const write = (templates: Template[]): string => plainText.renderSync(templates, values);
  const subject = write(parsed.subject);
  const frame = {
    language,
    subject,
    greeting: write(parsed.greeting),
    paragraphs: parsed.paragraphs.map(write),
    action: write(parsed.action),
    url,
    footnote: parsed.footnote === undefined ? null : write(parsed.footnote),
    unsubscribe: (languages.get(language)?.frame ?? languages.get(COMPLETE)?.frame)?.unsubscribe ?? null,
    unsubscribeUrl: unsubscribeUrl ?? null,
  };
  return {
    subject,
    text: plainText.renderSync(frames.text, frame),
    html: html.renderSync(frames.html, frame),
    language,
  };
}

/** @throws Error for a template that no wanted language has */
function chooseWords(
  languages: ReadonlyMap<string, Language>,
  template: TemplateName,
  wanted: readonly (string | null)[],
): readonly [language: string, words: ParsedWords] {
  const offered = new Map(
    [...languages].flatMap(([tag, { words }]) => {
      const parsed = words.get(template);
      return parsed === undefined ? [] : [[tag, parsed] as const];
    }),
  );
  for (const locale of wanted) {
    const language = lookUpLanguage(locale, offered);
    const words = language === undefined ? undefined : offered.get(language);
    if (language !== undefined && words !== undefined) return [language, words];
  }
  throw new Error(`the mail ${template} has no words`);
}

function writtenValues({ values }: Words, language: string, reader: Reader | undefined): Record<string, string | null> {
  const written = (value: TemplateValue) => {
    if (value === null) return null;
    if (typeof value === "string") return unlinked(value);
    const locale = localeOf(language, reader);
    return value instanceof Date ? writtenDay(value, locale, reader) : writeMoney(value, locale);
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, written(value)]));
}

/** The reader's country's, where the mail is in their language. */
function localeOf(language: string, reader: Reader | undefined): string {
  return reader?.locale?.startsWith(language) === true ? reader.locale : language;
}

function writtenDay(day: Date, locale: string, reader: Reader | undefined): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: reader?.timeZone ?? "UTC" }).format(day);
}

/** Mail programs make a link of what looks like an address. A space behind each dot and colon leaves none. */
function unlinked(text: string): string {
  return text.replaceAll(/[.:。．｡](?=\S)/gu, "$& ");
}
