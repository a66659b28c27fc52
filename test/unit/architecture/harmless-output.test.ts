// What is stored as it was written must be escaped wherever it goes out: there is one way for each form.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

const sources = ["gateway", "platform", "subgraphs", "web-client/src"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => [`${folder}/${file}`, readFileSync(join(ROOT, folder, file), "utf8")] as const),
);

test("whatever speaks of CSV writes it by `csvLine` [S21]", () => {
  const writers = sources.filter(
    ([file, text]) => file !== "platform/validation/csv.ts" && /text\/csv|\.csv\b/.test(text),
  );
  expect(writers.filter(([, text]) => !text.includes("validation/csv.ts")).map(([file]) => file)).toEqual([]);
});

test("the web client makes no markup out of text [S21]", () => {
  const made = /dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write\b/;
  const found = sources.filter(([file, text]) => file.startsWith("web-client/") && made.test(text));
  expect(found.map(([file]) => file)).toEqual([]);
});
