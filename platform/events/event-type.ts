/** What follows from the name of an event type: it begins with the name of the subgraph that publishes it. */

export function producerOf(name: string): string {
  return name.slice(0, name.indexOf("."));
}

/** The topic of an event type, which begins with the same name. */
export function topicOfType(type: string, topics: readonly string[]): string | undefined {
  return topics.find((topic) => producerOf(topic) === producerOf(type));
}
