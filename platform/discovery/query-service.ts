/** What processes of a subgraph are listed as that answer queries alone. */
export const queryService = (subgraph: string): string => `${subgraph}-queries`;
