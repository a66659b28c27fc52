import { expect, test } from "vitest";
import { collect, deferred, waitFor, waitWithin } from "../../support/wait.ts";

test("a wait returns the first truthy value of its condition", async () => {
  let looks = 0;
  const value = await waitFor(
    () => {
      looks += 1;
      return looks === 3 ? "third" : null;
    },
    { what: "the third look", intervalMs: 1 },
  );
  expect(value).toBe("third");
});

test("a wait that fails says what it waited for and what it saw last", async () => {
  await expect(waitFor(() => 0, { what: "a number", deadlineMs: 20 })).rejects.toThrow(
    "waited 20 ms for a number; last value: 0",
  );
});

test("an error thrown by the condition counts as not yet, and becomes the cause", async () => {
  const cause = new Error("connection refused");
  const failure = waitFor(() => Promise.reject(cause), { what: "an answer", deadlineMs: 20, intervalMs: 1 });
  await expect(failure).rejects.toMatchObject({ message: expect.stringContaining("connection refused"), cause });
});

test("what is required in less time than it took fails, however patient the wait is", async () => {
  const since = performance.now();
  const soon = () => performance.now() - since > 200;
  await expect(waitWithin(1, soon, { what: "an answer" })).rejects.toThrow(
    /^an answer took \d+ ms; 1 ms are required$/,
  );
  expect(await waitWithin(60_000, () => "here", { what: "an answer" })).toBe("here");
});

test("a condition that never settles does not outlive the deadline", async () => {
  await expect(waitFor(() => new Promise(() => {}), { what: "an answer", deadlineMs: 50 })).rejects.toThrow(
    "an answer",
  );
});

test("a deferred promise settles from outside and says so", async () => {
  const answer = deferred<number>();
  expect(answer.settled).toBe(false);
  answer.resolve(7);
  expect(answer.settled).toBe(true);
  await expect(answer.promise).resolves.toBe(7);
});

test("collecting takes exactly the wanted items in order and closes the source", async () => {
  const closed = deferred();
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let next = 1; ; next += 1) yield next;
    } finally {
      closed.resolve();
    }
  }
  await expect(collect(numbers(), 3)).resolves.toEqual([1, 2, 3]);
  await closed.promise;
});

test("collecting from a source that stalls fails by the deadline and says how far it came", async () => {
  async function* one(): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => {});
  }
  await expect(collect(one(), 2, 30)).rejects.toThrow("item 2 of 2");
});

test("collecting from a source that ends early fails at once", async () => {
  async function* one(): AsyncGenerator<number> {
    yield 1;
  }
  await expect(collect(one(), 2)).rejects.toThrow("the source ended after 1 of 2 items");
});
