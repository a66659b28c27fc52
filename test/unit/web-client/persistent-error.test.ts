import { expect, test } from "vitest";
import { type RequestState, withPersistentError } from "../../../web-client/src/graphql/persistent-error.ts";

const away = new Error("away");
const gone = new Error("gone");

/** What stands after each of these states was told, one after the other. */
function persistentErrors(
  ...states: readonly (readonly [loading: boolean, error?: Error | undefined, question?: string])[]
) {
  let state: RequestState = { question: "a", loading: false, error: undefined };
  return states.map(([loading, error, question = "a"]) => {
    state = withPersistentError(state, { question, loading, error });
    return state.error;
  });
}

test("a failure stands while other queries change what is known", () => {
  expect(persistentErrors([true], [false, away], [false], [false])).toEqual([undefined, away, away, away]);
});

test("a failure is over as soon as its query is asked again, and for good when that succeeds", () => {
  expect(persistentErrors([false, away], [true], [false], [false])).toEqual([away, undefined, undefined, undefined]);
});

test("a later failure takes the place of an earlier one", () => {
  expect(persistentErrors([false, away], [true], [false, gone], [false])).toEqual([away, undefined, gone, gone]);
});

test("a failure of one question says nothing about another, be that answered from the cache", () => {
  expect(persistentErrors([false, away], [false, undefined, "b"], [false, undefined, "b"])).toEqual([
    away,
    undefined,
    undefined,
  ]);
});
