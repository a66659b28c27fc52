import fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine } from "../../../../platform/validation/csv.ts";

test.each(["=1+1", "+49", "-minus-", "@home", "\t=1", "\r=1", " =1", "\uFF1DA1", "=cmd|'/C calc'!A0"])(
  "a cell is never a formula: %j [S21]",
  (text) => {
    expect(csvLine([text])).toBe(`"'${text}"\r\n`);
  },
);

test("texts are quoted, numbers and moments stay bare, null is empty", () => {
  const line = csvLine(['a "b", c\nd', -12, 5n, true, new Date(0), null, "<script>"]);
  expect(line).toBe('"a ""b"", c\nd",-12,5,true,1970-01-01T00:00:00.000Z,,"<script>"\r\n');
});

test("whatever a text holds, it stays in its cell and begins no formula [S21]", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const line = csvLine([text, "end"]);
      const cell = /^"((?:[^"]|"")*)","end"\r\n$/.exec(line)?.[1]?.replaceAll('""', '"');
      expect(cell?.replace(/^'/, "") === text || cell === text).toBe(true);
      expect(cell).not.toMatch(/^\s*[=+\-@]/);
    }),
  );
});
