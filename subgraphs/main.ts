/** `npm run start:subgraph -- NAME`: one subgraph as a process of its own. */
import { AppError } from "../platform/errors/app-error.ts";
import { runSubgraph } from "../platform/graphql/run-subgraph.ts";
import { failStart } from "../platform/lifecycle/run-process.ts";
import { listSubgraphs } from "./list.ts";

try {
  const subgraphs = await listSubgraphs();
  const [wanted, ...rest] = process.argv.slice(2);
  const subgraph = subgraphs.find(({ name }) => name === wanted);
  if (subgraph === undefined || rest.length > 0) {
    const names = subgraphs.map(({ name }) => name).join("|");
    throw new AppError("CONFIG_INVALID", `Usage: npm run start:subgraph -- <${names}>`);
  }
  await runSubgraph(subgraph, process.env);
} catch (error) {
  failStart(error);
}
