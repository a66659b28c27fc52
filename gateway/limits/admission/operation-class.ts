/**
 * What an operation waits for when not all can run at once. Commands go first: somebody waits to know what became of
 * theirs. Reports go last: an operation that may return many objects holds everybody up for longer.
 */
import { OperationTypeNode } from "graphql";

/** In the order in which they are served. What live streams ask for takes no turn here and waits for nobody. */
export const OPERATION_CLASSES = ["command", "query", "report"] as const;

export type OperationClass = (typeof OPERATION_CLASSES)[number];

/** Estimated cost from which a query is a report: a full page of entries is one, no screen of the web client is. */
const REPORT_COST = 1_400;

/** @param cost as it was estimated: about the objects that the operation could return */
export function classOf(operation: OperationTypeNode, cost: number): OperationClass {
  if (operation === OperationTypeNode.MUTATION) return "command";
  return cost < REPORT_COST ? "query" : "report";
}
