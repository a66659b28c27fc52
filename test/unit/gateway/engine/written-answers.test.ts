import { expect, test } from "vitest";
import type { Step } from "../../../../gateway/engine/plan/steps.ts";
import type { ResponseWriter } from "../../../../gateway/engine/response/writer.ts";
import { createWrittenAnswers, type Part } from "../../../../gateway/engine/response/written-answers.ts";

const step = (): Step => ({ kind: "sequence", steps: [] });
const [first, second] = [step(), step()];
const [one, other] = [{}, {}];
const newWriter = (): ResponseWriter => ({ write: () => "", leavesNothing: () => false });
const writer = newWriter();

function setup(maxLength = 100) {
  const written = createWrittenAnswers(maxLength);
  const parts: Part[] = [
    { step: first, data: one },
    { step: second, data: other },
  ];
  written.keep(writer, parts, "text");
  return written;
}

test("what is made of the very same data is the same text", () => {
  const parts = [
    { step: first, data: one },
    { step: second, data: other },
  ];
  expect(setup().find(writer, parts)).toBe("text");
});

test.each([
  ["less", [{ step: first, data: one }]],
  [
    "equal data that is another object",
    [
      { step: first, data: one },
      { step: second, data: {} },
    ],
  ],
  [
    "the same data from other fetches",
    [
      { step: second, data: one },
      { step: first, data: other },
    ],
  ],
  ["nothing", []],
])("%s is not the same", (_what, parts) => {
  expect(setup().find(writer, parts)).toBeUndefined();
});

test("another operation writes the same data by itself", () => {
  const parts = [
    { step: first, data: one },
    { step: second, data: other },
  ];
  expect(setup().find(newWriter(), parts)).toBeUndefined();
});

test("texts are kept up to a length in all", () => {
  const written = createWrittenAnswers(10);
  const parts = [{}, {}, {}].map((data): Part[] => [{ step: first, data }]);
  for (const own of parts) written.keep(writer, own, "12345");
  expect(parts.map((own) => written.find(writer, own))).toEqual([undefined, "12345", "12345"]);
  written.keep(writer, [{ step: first, data: one }], "12345678901");
  expect(written.find(writer, [{ step: first, data: one }])).toBeUndefined();
});
