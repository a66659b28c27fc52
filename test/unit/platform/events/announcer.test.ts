import { expect, test } from "vitest";
import { createAnnouncer, type NotifyingSession } from "../../../../platform/events/relay/announcer.ts";

/** A session whose statements end when the test says so. */
function heldSession() {
  const statements: PromiseWithResolvers<void>[] = [];
  const query = () => {
    const statement = Promise.withResolvers<void>();
    statements.push(statement);
    return statement.promise;
  };
  const session: NotifyingSession = { query };
  return { statements, session };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("all that comes while a message is under way shares the next one", async () => {
  const { statements, session } = heldSession();
  const announce = createAnnouncer(() => session);
  for (let n = 0; n < 5; n += 1) announce();
  expect(statements).toHaveLength(1);
  statements[0]?.resolve();
  await turn();
  expect(statements).toHaveLength(2);
  statements[1]?.resolve();
  await turn();
  expect(statements).toHaveLength(2);
  announce();
  expect(statements).toHaveLength(3);
});

test("a lost message ends nothing, nor does a lost session", async () => {
  const { statements, session } = heldSession();
  let current: NotifyingSession | undefined = session;
  const announce = createAnnouncer(() => current);
  announce();
  statements[0]?.reject(new Error("connection closed"));
  await turn();
  current = undefined;
  announce();
  await turn();
  current = session;
  announce();
  expect(statements).toHaveLength(2);
});
