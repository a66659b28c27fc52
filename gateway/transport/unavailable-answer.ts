/** The answer in place of one that did not come. */
import { Kind, parse } from "graphql";
import { PUBLIC_MARK } from "../errors/public-error.ts";
import type { GatewayContext } from "../ports.ts";
import type { SubgraphAnswer, SubgraphRequest } from "./subgraph-client.ts";

/** An error at each of the fields that are missing, naming the part but no address. @param reason is logged only */
export function unavailable(
  subgraph: string,
  request: SubgraphRequest,
  context: GatewayContext,
  reason: unknown,
): SubgraphAnswer {
  context.logger.warn({ subgraph, err: reason }, "a subgraph did not answer");
  return {
    data: null,
    errors: missingPaths(request).map((path) => ({
      message: `The ${subgraph} part of the platform does not answer: try again shortly.`,
      ...(path === undefined ? {} : { path }),
      extensions: { code: "SERVICE_UNAVAILABLE", status: 503, retryable: true, [PUBLIC_MARK]: true },
    })),
    shared: false,
  };
}

/**
 * One path per root field; for entities the first one, which the executor turns into a path of the client's operation.
 */
function missingPaths({
  operation: { text },
  representations,
}: SubgraphRequest): (readonly (string | number)[] | undefined)[] {
  if (representations !== undefined) return [["_entities", 0]];
  const operation = parse(text, { noLocation: true }).definitions.find(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const fields = (operation?.selectionSet.selections ?? []).flatMap((selection) =>
    selection.kind === Kind.FIELD ? [[selection.alias?.value ?? selection.name.value]] : [],
  );
  return fields.length === 0 ? [undefined] : fields;
}
