import {
  ApolloClient,
  ApolloLink,
  type FetchPolicy,
  gql,
  InMemoryCache,
  Observable,
  type TypedDocumentNode,
} from "@apollo/client";
import { expect, test } from "vitest";
import { cachedAnswer } from "../../../web-client/src/graphql/cached-answer.ts";
import { waitFor } from "../../support/wait.ts";

interface Organization {
  readonly organization: { readonly __typename: "Organization"; readonly id: string; readonly name: string };
}

/** Two screens that show the same organisation. */
const SWITCHER: TypedDocumentNode<
  Organization,
  Record<string, never>
> = gql`query Switcher { organization { id name } }`;
const MEMBERS: TypedDocumentNode<Organization, Record<string, never>> = gql`query Members { organization { name id } }`;

function named(name: string): Organization {
  return { organization: { __typename: "Organization", id: "1", name } };
}

/** A client whose requests are answered by hand. */
function openClient() {
  const waiting: { readonly operation: string; readonly answer: (name: string) => void; readonly fail: () => void }[] =
    [];
  const link = new ApolloLink(
    ({ operationName }) =>
      new Observable((observer) => {
        waiting.push({
          operation: operationName ?? "",
          answer(name) {
            observer.next({ data: { ...named(name) } });
            observer.complete();
          },
          fail: () => observer.error(new Error("the network is away")),
        });
      }),
  );
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return {
    client,
    /** The next request of this name, as soon as it was sent. */
    async request(operation: string) {
      const position = () => waiting.findIndex((request) => request.operation === operation);
      await waitFor(() => position() >= 0, { what: `a request of ${operation}` });
      const [request] = waiting.splice(position(), 1);
      if (request === undefined) throw new Error("unreachable");
      return request;
    },
    /** Another screen asks, and is told this name. */
    async learn(name: string) {
      const answered = client.query({ query: MEMBERS, fetchPolicy: "network-only" });
      (await this.request("Members")).answer(name);
      await answered;
    },
  };
}

type Opened = ReturnType<typeof openClient>;

/** The names that a screen shows one after the other: by the cached answer, and by Apollo Client alone. */
function show({ client }: Opened, fetchPolicy: FetchPolicy | "cache-and-network") {
  const shown: (string | undefined)[] = [];
  const shownByApollo: (string | undefined)[] = [];
  const answer = cachedAnswer(client, SWITCHER, {});
  answer.subscribe(() => {
    const name = answer.current()?.organization.name;
    if (shown.at(-1) !== name) shown.push(name);
  });
  const query = client.watchQuery({ query: SWITCHER, fetchPolicy });
  query.subscribe(({ data }) => {
    const name = data?.organization?.name;
    if (name !== undefined && shownByApollo.at(-1) !== name) shownByApollo.push(name);
  });
  return { shown, shownByApollo, query };
}

const POLICIES = ["cache-first", "network-only", "cache-and-network"] as const;

/** What keeps a query's own request under way after its first answer. */
const AGAIN: readonly (readonly [string, (query: ReturnType<typeof show>["query"]) => void])[] = [
  ["a refetch", (query) => void query.refetch()],
  ["a poll", (query) => query.startPolling(1)],
  ["a new observation", (query) => void query.reobserve({ fetchPolicy: "network-only" })],
];

test.each(POLICIES.flatMap((policy) => AGAIN.map(([what, ask]) => ({ policy, what, ask }))))(
  "what another query learned is shown while $what is under way, with $policy [S42]",
  async ({ policy, ask }) => {
    const opened = openClient();
    const { shown, query } = show(opened, policy);
    (await opened.request("Switcher")).answer("first");
    await waitFor(() => shown.at(-1) === "first", { what: "the first answer" });
    ask(query);
    const held = await opened.request("Switcher");
    query.stopPolling();
    await opened.learn("second");
    expect(shown).toEqual(["first", "second"]);
    held.answer("third");
    await waitFor(() => shown.at(-1) === "third", { what: "the answer that was held" });
    expect(shown).toEqual(["first", "second", "third"]);
  },
);

test.each(POLICIES)("what another query learned is shown before the first answer, with %s [S42]", async (policy) => {
  const opened = openClient();
  const { shown } = show(opened, policy);
  await opened.request("Switcher");
  await opened.learn("first");
  expect(shown).toEqual(["first"]);
});

test("what another query learned stays when the request that was under way fails [S42]", async () => {
  const opened = openClient();
  const { shown, query } = show(opened, "cache-first");
  (await opened.request("Switcher")).answer("first");
  await waitFor(() => shown.at(-1) === "first", { what: "the first answer" });
  const refetched = query.refetch();
  const held = await opened.request("Switcher");
  await opened.learn("second");
  held.fail();
  await expect(refetched).rejects.toThrow("the network is away");
  expect(shown).toEqual(["first", "second"]);
});

test("an answer is the same object until it says something else, and nothing while a part of it is unknown", async () => {
  const opened = openClient();
  const { client } = opened;
  const answer = cachedAnswer(client, SWITCHER, {});
  expect(answer.current()).toBeUndefined();
  await opened.learn("first");
  const first = answer.current();
  expect(first).toEqual(named("first"));
  await opened.learn("first");
  expect(answer.current()).toBe(first);
  await opened.learn("second");
  expect(answer.current()).toEqual(named("second"));
  client.cache.evict({ id: "Organization:1", fieldName: "name" });
  expect(answer.current()).toBeUndefined();
});

test("a cleared store is shown as empty, and what is learned after it is shown", async () => {
  const opened = openClient();
  const { shown } = show(opened, "cache-first");
  (await opened.request("Switcher")).answer("first");
  await waitFor(() => shown.at(-1) === "first", { what: "the first answer" });
  await opened.client.clearStore();
  await opened.learn("second");
  expect(shown).toEqual(["first", undefined, "second"]);
});

test("who left is told of nothing more", async () => {
  const opened = openClient();
  let notified = 0;
  const leave = cachedAnswer(opened.client, SWITCHER, {}).subscribe(() => {
    notified += 1;
  });
  await opened.learn("first");
  expect(notified).toBe(1);
  leave();
  await opened.learn("second");
  await opened.client.clearStore();
  await opened.learn("third");
  expect(notified).toBe(1);
});

test("Apollo Client drops what another query learned while a refetch is under way: the reason for our own watch", async () => {
  const opened = openClient();
  const { shownByApollo, query } = show(opened, "cache-first");
  (await opened.request("Switcher")).answer("first");
  await waitFor(() => shownByApollo.at(-1) === "first", { what: "the first answer" });
  const refetched = query.refetch();
  const held = await opened.request("Switcher");
  await opened.learn("second");
  held.answer("third");
  await refetched;
  expect(shownByApollo).toEqual(["first", "third"]);
});
