/**
 * Reads the words of mails: `<language>/<template>.json` for each, and the frames around them, `frame.txt.liquid` and
 * `frame.html.liquid`. Words and frames are Liquid templates (https://liquidjs.com), which can run no code. Everything
 * is checked when it is read, so that a mistake shows at the start and not in somebody's mail.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Liquid, type Template } from "liquidjs";
import { z } from "zod";
import { canonicalLanguageTag } from "../../../platform/validation/language-tag.ts";
import { isTemplateName, TEMPLATE_NAMES, TEMPLATE_VALUES, type TemplateName } from "./template-values.ts";

const STRICT = { strictVariables: true, strictFilters: true, ownPropertyOnly: true } as const;
/** Plain text, and HTML in which every value is escaped. */
export const plainText = new Liquid(STRICT);
export const html = new Liquid({ ...STRICT, outputEscape: "escape" });

export interface ParsedWords {
  readonly subject: Template[];
  readonly greeting: Template[];
  readonly paragraphs: readonly Template[][];
  /** The label of the link. */
  readonly action: Template[];
  readonly footnote?: Template[] | undefined;
}

export interface Language {
  readonly words: ReadonlyMap<TemplateName, ParsedWords>;
  /** What the frames say themselves; absent: another language's. */
  readonly frame?: FrameWords | undefined;
}

export interface TemplateFiles {
  readonly frames: { readonly text: Template[]; readonly html: Template[] };
  /** By their tags (BCP 47). */
  readonly languages: ReadonlyMap<string, Language>;
}

const line = z.string().trim().min(1);
const wordsSchema = z.strictObject({
  subject: line,
  greeting: line,
  paragraphs: z.array(line).min(1),
  action: line,
  footnote: line.optional(),
});
const frameSchema = z.strictObject({
  /** The label of the link by which a reader gets no more mails of a kind. */
  unsubscribe: line,
});
type FrameWords = z.infer<typeof frameSchema>;

/** What a frame may name. */
const FRAME_VALUES = [
  "language",
  "subject",
  "greeting",
  "paragraphs",
  "action",
  "url",
  "footnote",
  "unsubscribe",
  "unsubscribeUrl",
];

const FRAME = "frame.json";

/**
 * @param folders a file of a later one takes the place of an earlier one's
 * @throws Error that names the file and what is wrong with it
 */
export async function readTemplateFiles(folders: readonly string[]): Promise<TemplateFiles> {
  const found = await Promise.all(folders.map(readFolder));
  const frames = {
    text: found.findLast(({ text }) => text !== undefined)?.text,
    html: found.findLast((folder) => folder.html !== undefined)?.html,
  };
  if (frames.text === undefined || frames.html === undefined) {
    throw new Error(`${folders.join(", ")}: frame.txt.liquid and frame.html.liquid are missing`);
  }
  const languages = new Map<string, Language>();
  for (const folder of found) {
    for (const [tag, { words, frame }] of folder.languages) {
      const before = languages.get(tag);
      languages.set(tag, { words: new Map([...(before?.words ?? []), ...words]), frame: frame ?? before?.frame });
    }
  }
  return { frames: { text: frames.text, html: frames.html }, languages };
}

interface Folder {
  readonly text: Template[] | undefined;
  readonly html: Template[] | undefined;
  readonly languages: ReadonlyMap<string, Language>;
}

async function readFolder(folder: string): Promise<Folder> {
  const entries = await readdir(folder, { withFileTypes: true });
  const frame = async (name: string, engine: Liquid) => {
    if (!entries.some((entry) => entry.isFile() && entry.name === name)) return undefined;
    const file = join(folder, name);
    return parsed(engine, await readFile(file, "utf8"), FRAME_VALUES, file);
  };
  const languages = entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }) => [requireTag(name, folder), await readLanguage(join(folder, name))] as const);
  return {
    text: await frame("frame.txt.liquid", plainText),
    html: await frame("frame.html.liquid", html),
    languages: new Map(await Promise.all(languages)),
  };
}

async function readLanguage(folder: string): Promise<Language> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const files = names
    .filter((name) => name !== FRAME)
    .map(async (name) => {
      const template = requireName(name, folder);
      return [template, await readWords(join(folder, name), TEMPLATE_VALUES[template])] as const;
    });
  return {
    words: new Map(await Promise.all(files)),
    frame: names.includes(FRAME) ? await readJson(join(folder, FRAME), frameSchema) : undefined,
  };
}

async function readWords(file: string, known: readonly string[]): Promise<ParsedWords> {
  const { subject, greeting, paragraphs, action, footnote } = await readJson(file, wordsSchema);
  const parse = (text: string) => parsed(plainText, text, known, file);
  return {
    subject: parse(subject),
    greeting: parse(greeting),
    paragraphs: paragraphs.map(parse),
    action: parse(action),
    footnote: footnote === undefined ? undefined : parse(footnote),
  };
}

async function readJson<Value>(file: string, schema: z.ZodType<Value>): Promise<Value> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new Error(`${file}: ${reason}`, { cause });
  }
}

function parsed(engine: Liquid, text: string, known: readonly string[], file: string): Template[] {
  let templates: Template[];
  try {
    templates = engine.parse(text);
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const unknown = engine.globalVariablesSync(templates).filter((name) => !known.includes(name));
  if (unknown.length === 0) return templates;
  const names = known.length === 0 ? "nothing is known there" : `known are ${known.join(", ")}`;
  throw new Error(`${file}: {{ ${unknown.join(" }}, {{ ")} }} is not known; ${names}`);
}

function requireName(file: string, folder: string): TemplateName {
  const name = file.slice(0, -".json".length);
  if (isTemplateName(name)) return name;
  throw new Error(`${folder}/${file}: there is no such mail; there are ${TEMPLATE_NAMES.join(", ")}`);
}

function requireTag(name: string, folder: string): string {
  const canonical = canonicalLanguageTag(name);
  if (canonical === name) return name;
  throw new Error(
    `${folder}/${name}: a language's folder is named by its tag (BCP 47), such as ${canonical ?? "pt-BR"}`,
  );
}
