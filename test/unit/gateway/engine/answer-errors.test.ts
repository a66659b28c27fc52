import { expect, test } from "vitest";
import type { Failure } from "../../../../gateway/engine/execution/failures.ts";
import { AnswerErrors, MAX_ERRORS } from "../../../../gateway/engine/response/answer-errors.ts";
import { findAppError } from "../../../../platform/errors/app-error.ts";

const failure = (message: string): Failure => ({ error: { message, extensions: { code: "AWAY" } }, reported: false });
const shown = (errors: AnswerErrors) => errors.all().map(({ message, path }) => [message, path?.join(".")]);

test("a failure that explains several nulls is told at each", () => {
  const errors = new AnswerErrors();
  const away = failure("away");
  errors.tell(away, ["a", 0]);
  errors.tell(away, ["a", 1]);
  errors.tell(failure("lost"));
  expect(shown(errors)).toEqual([
    ["away", "a.0"],
    ["away", "a.1"],
    ["lost", undefined],
  ]);
  expect(errors.all()[0]?.extensions).toEqual({ code: "AWAY" });
  expect(away.reported).toBe(true);
});

test("of all errors about what became null as a whole the one stays that made it so", () => {
  const errors = new AnswerErrors();
  errors.add("before", ["x"]);
  const { count } = errors;
  errors.add("beside it", ["o", "a"]);
  errors.add("the null that may not be", ["o", "b"]);
  errors.keepLastSince(count);
  expect(shown(errors)).toEqual([
    ["before", "x"],
    ["the null that may not be", "o.b"],
  ]);
  expect(errors.count).toBe(2);
});

test("errors are bounded, and the last one says how many are left out", () => {
  const errors = new AnswerErrors();
  for (let index = 0; index < MAX_ERRORS + 5; index += 1) errors.add("null", [index]);
  const all = errors.all();
  expect(all).toHaveLength(MAX_ERRORS + 1);
  const last = findAppError(all.at(-1)?.originalError);
  expect(last).toMatchObject({ code: "INCOMPLETE", details: { leftOut: 5 } });
});

test("what became null as a whole beyond the bound is left out as one", () => {
  const errors = new AnswerErrors();
  for (let index = 0; index < MAX_ERRORS - 1; index += 1) errors.add("null", [index]);
  const { count } = errors;
  for (let index = 0; index < 5; index += 1) errors.add("null", ["o", index]);
  errors.keepLastSince(count);
  expect(errors.all().at(-1)?.path).toEqual(["o", 4]);
  expect(errors.all()).toHaveLength(MAX_ERRORS);
});

test("what was left out before stays counted when something becomes null as a whole", () => {
  const errors = new AnswerErrors();
  for (let index = 0; index < MAX_ERRORS + 7; index += 1) errors.add("null", [index]);
  const { count } = errors;
  for (let index = 0; index < 5; index += 1) errors.add("null", ["o", index]);
  errors.keepLastSince(count);
  expect(findAppError(errors.all().at(-1)?.originalError)).toMatchObject({ details: { leftOut: 8 } });
});
