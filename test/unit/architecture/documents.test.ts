import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Documents that lead a newcomer. */
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "gateway/live/PROTOCOL.md",
  "gateway/operations/OPERATIONS.md",
  "web-client/src/graphql/LIVE-CLIENT.md",
  ...readdirSync(join(root, "docs/decisions")).map((file) => `docs/decisions/${file}`),
];

/** What a reader reads: no code, no tables, no addresses of links. */
function sentencesOf(text: string): string[] {
  return text
    .replaceAll(/^```[\s\S]*?^```/gm, "")
    .replaceAll(/^\|.*$/gm, "")
    .replaceAll(/\]\([^)]*\)/g, "]")
    .split(/\n(?:\s*\n|#.*\n|(?=\s*(?:[-*]|\d+\.)\s))/)
    .flatMap((block) => block.replaceAll(/\s+/g, " ").split(/(?<=[.:;!?])\s/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

/** Paths in backticks: a name below a room of ours, or a file's name with its folder. */
function pathsIn(text: string): string[] {
  return [
    ...text.matchAll(/`((?:gateway|subgraphs|platform|schema|prisma|test|web-client|deploy|docs)\/[\w./-]*)`/g),
  ].map(([, path]) => path ?? "");
}

describe.each(DOCUMENTS)("%s", (file) => {
  test("names only files and folders that exist", () => {
    expect(pathsIn(read(file)).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("has no sentence of more than 25 words", () => {
    expect(sentencesOf(read(file)).filter((sentence) => sentence.split(" ").length > 25)).toEqual([]);
  });

  test("wraps at 120 columns, tables apart", () => {
    const long = read(file)
      .split("\n")
      .filter((line) => line.length > 120 && !line.startsWith("|"));
    expect(long).toEqual([]);
  });
});

test("each life in ARCHITECTURE.md takes less than 250 words", () => {
  const lives = read("ARCHITECTURE.md")
    .split(/^## /m)
    .filter((section) => section.startsWith("Life of"));
  expect(lives.map((life) => life.split("\n", 1)[0])).toEqual([
    "Life of a query",
    "Life of a mutation",
    "Life of an event",
  ]);
  expect(lives.filter((life) => life.split(/\s+/).length >= 250)).toEqual([]);
});

test("the tree in ARCHITECTURE.md holds every room of gateway/ and platform/", () => {
  const [, tree] = read("ARCHITECTURE.md").split("```");
  const named = new Set([...(tree ?? "").matchAll(/([\w-]+)\//g)].map(([, name]) => name));
  const rooms = ["gateway", "platform"].flatMap((room) =>
    readdirSync(join(root, room), { withFileTypes: true }).filter((entry) => entry.isDirectory()),
  );
  expect(rooms.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
});

test("every decision tells its context, the decision and its consequence, and stands in the index", () => {
  const index = read("docs/decisions/README.md");
  for (const file of DOCUMENTS.filter((name) => name.startsWith("docs/") && !name.endsWith("README.md"))) {
    const headings = [...read(file).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings, file).toEqual(["Context", "Decision", "Consequence"]);
    expect(index, file).toContain(`(${file.replace("docs/decisions/", "")})`);
  }
});
