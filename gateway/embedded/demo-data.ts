/**
 * The demo organisation of an embedded installation: people by the user subgraph's own seed, a paid subscription through the API like
 * anybody's. Safe to repeat: what an interrupted attempt left is found and completed.
 */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Logger } from "../../platform/logger/logger.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import { DEMO, type UserSubgraph } from "../../subgraphs/user/index.ts";
import type { Authenticator, GatewayContext, OperationExecutor } from "../ports.ts";

export interface DemoAccount {
  readonly email: string;
  readonly password: string;
}

export interface DemoOptions {
  readonly dataDir: string;
  readonly user: Pick<UserSubgraph, "seedDemo">;
  readonly executor: OperationExecutor;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
}

const STEP_DEADLINE_MS = 15_000;
const LOOK_MS = 50;

/** @throws Error naming the step that failed */
export async function prepareDemo(options: DemoOptions): Promise<DemoAccount> {
  const done = join(options.dataDir, "demo-ready");
  const exists = await stat(done).catch(() => undefined);
  if (exists === undefined) {
    await options.user.seedDemo();
    await subscribeDemo(options);
    await writeFile(done, "");
  }
  return { email: DEMO.email, password: DEMO.password };
}

async function subscribeDemo({ executor, authenticator, logger }: DemoOptions): Promise<void> {
  const client = { userAgent: "tributary-demo" };
  async function run<Schema extends z.ZodType>(
    query: string,
    variables: Record<string, unknown>,
    schema: Schema,
    token?: string,
  ): Promise<z.infer<Schema>> {
    const { identity } = await authenticator.authenticate(token, client);
    const context: GatewayContext = { identity, client, trace: newTrace(), logger, forwardedHeaders: {} };
    const result = await executor.execute({ query, variables, context });
    if (result.errors !== undefined)
      throw new Error(`the demo data could not be made: ${JSON.stringify(result.errors)}`);
    return schema.parse(result.data);
  }
  const { sessionCreate } = await run(SIGN_IN, { email: DEMO.email, password: DEMO.password }, signInSchema);
  const token = sessionCreate.tokens?.accessToken;
  if (token === undefined) throw new Error("the demo user cannot sign in");
  const { accountId, planId } = await until("the billing account", async () => {
    const { organization, plans } = await run(BILLING, { slug: DEMO.slug }, billingSchema, token);
    const plan = plans.edges.find(({ node }) => node.price.amountMinor !== "0") ?? plans.edges[0];
    const billing = organization?.billingAccount?.id;
    return plan === undefined || billing === undefined ? undefined : { accountId: billing, planId: plan.node.id };
  });
  await run(ATTACH, { accountId }, z.unknown(), token);
  await run(START, { accountId, planId }, z.unknown(), token);
}

async function until<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + STEP_DEADLINE_MS;
  while (Date.now() < deadline) {
    const value = await look();
    if (value !== undefined) return value;
    await pause(LOOK_MS);
  }
  throw new Error(`waited ${STEP_DEADLINE_MS} ms for ${what} of the demo data`);
}

const signInSchema = z.object({
  sessionCreate: z.object({ tokens: z.object({ accessToken: z.string() }).nullable() }),
});
const billingSchema = z.object({
  organization: z.object({ billingAccount: z.object({ id: z.string() }).nullable() }).nullable(),
  plans: z.object({
    edges: z.array(z.object({ node: z.object({ id: z.string(), price: z.object({ amountMinor: z.string() }) }) })),
  }),
});

const SIGN_IN = `mutation ($email: EmailAddress!, $password: String!) {
  sessionCreate(input: { email: $email, password: $password, device: "Demo data" }) { tokens { accessToken } }
}`;
const BILLING = `query ($slug: String!) {
  organization(slug: $slug) { billingAccount { id } }
  plans(first: 10) { edges { node { id price { amountMinor } } } }
}`;
const ATTACH = `mutation ($accountId: ID!) {
  paymentMethodAttach(
    input: { accountId: $accountId, providerToken: "tok_visa", makeDefault: true, idempotencyKey: "demo-payment-method" }
  ) { paymentMethod { id } }
}`;
const START = `mutation ($accountId: ID!, $planId: ID!) {
  subscriptionStart(input: { accountId: $accountId, planId: $planId, idempotencyKey: "demo-subscription" }) {
    subscription { id }
  }
}`;
