// What the list tells a subgraph of itself, for a subgraph that a test makes alone.
import { topicOf } from "../../../platform/graphql/subgraph-definition.ts";
import type { DatabaseUrls } from "../../../prisma/databases.ts";

/** @param consumedTopics default: its own */
export function runtimeOf(name: string, urls: DatabaseUrls, consumedTopics: readonly string[] = [topicOf(name)]) {
  if (urls.relay === undefined) throw new Error(`the ${name} database has a relay role`);
  return { name, topic: topicOf(name), consumedTopics, databaseUrls: { app: urls.app, relay: urls.relay } };
}
