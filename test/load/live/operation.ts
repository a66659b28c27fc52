// What the subscribers of these loads follow: an event enriched by two subgraphs.

/** Operations of different numbers are different to the gateway and select the same amount. */
export function operationText(number: number): string {
  return `subscription Orders($shop: ID) { orderEvents(shop: $shop) {
    sequence eventId type occurredAt kind${number}: type actor { name }
    event { __typename ... on OrderPlaced { order { id state buyer { name } } price { minor parts { label } } } } } }`;
}
