/** Marks where a request is given what its subgraphs need to know, and where their work begins. */
import type { SubgraphHeaders } from "./subgraph-headers.ts";

/** Costs requests that nobody records no more than a look. */
export function stagedHeaders(headers: SubgraphHeaders): SubgraphHeaders {
  return (subgraph, context) => {
    const { stages } = context;
    if (stages === undefined) return headers(subgraph, context);
    stages.enter("enrichment");
    return headers(subgraph, context).then(
      (headers) => {
        stages.enter("business logic");
        return headers;
      },
      (error: unknown) => {
        // A later call of the same operation has its headers made while others work: that costs its own fields only.
        const failure = error instanceof Error ? error : new Error(String(error));
        if (stages.isBefore("business logic")) stages.fail(failure);
        else stages.note(failure);
        throw error;
      },
    );
  };
}
