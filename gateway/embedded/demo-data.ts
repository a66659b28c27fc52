/**
 * The demo data of an embedded installation: each subgraph adds its own, those who sign in first, and the rest through
 * the API like anybody. Safe to repeat: what an interrupted attempt left is found and completed.
 */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DemoApi, DemoData } from "../../platform/graphql/demo-data.ts";
import type { Subgraph } from "../../platform/graphql/subgraph.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import type { Authenticator, GatewayContext, OperationExecutor } from "../ports.ts";

export interface DemoOptions {
  readonly dataDir: string;
  readonly subgraphs: readonly Subgraph[];
  readonly executor: OperationExecutor;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
}

/**
 * @returns who can sign in, in words
 * @throws Error naming the step that failed
 */
export async function prepareDemo(options: DemoOptions): Promise<string | undefined> {
  const demos = inOrder(options.subgraphs);
  const done = join(options.dataDir, "demo-ready");
  const exists = await stat(done).catch(() => undefined);
  if (exists === undefined) {
    const api = createDemoApi(options);
    for (const demo of demos) await demo.prepare(api);
    await writeFile(done, "");
  }
  return demos.find(({ account }) => account !== undefined)?.account;
}

/** Whoever others sign in with comes first. */
function inOrder(subgraphs: readonly Subgraph[]): readonly DemoData[] {
  const demos = subgraphs.flatMap(({ demo }) => demo ?? []);
  return [
    ...demos.filter(({ account }) => account !== undefined),
    ...demos.filter((demo) => demo.account === undefined),
  ];
}

function createDemoApi({ executor, authenticator, logger }: DemoOptions): DemoApi {
  const client = { userAgent: "tributary-demo" };
  let token: string | undefined;
  return {
    async run(query, variables, schema) {
      const { identity } = await authenticator.authenticate(token, client);
      const trace = newTrace();
      const requestLogger = logger.child({ traceId: trace.traceId });
      const context: GatewayContext = { identity, client, trace, logger: requestLogger, forwardedHeaders: {} };
      const result = await executor.execute({ query, variables, context });
      if (result.errors !== undefined) {
        throw new Error(`the demo data could not be made: ${JSON.stringify(result.errors)}`);
      }
      return schema.parse(result.data);
    },
    signIn(accessToken) {
      token = accessToken;
    },
  };
}
