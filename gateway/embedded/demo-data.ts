/**
 * The demo organisation of an embedded installation, made through the API like anybody's, so that its events, mails and audit entries
 * are real. Safe to repeat: what an interrupted attempt left is found and completed.
 */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Mailbox } from "../../platform/mail/mailbox-server.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import type { Authenticator, GatewayContext, OperationExecutor } from "../ports.ts";

export interface DemoAccount {
  readonly email: string;
  readonly password: string;
}

export interface DemoOptions {
  readonly dataDir: string;
  readonly executor: OperationExecutor;
  readonly authenticator: Authenticator;
  readonly mailbox: Mailbox;
  readonly logger: Logger;
}

const EMAIL = "demo@tributary.local";
const STEP_DEADLINE_MS = 15_000;
const LOOK_MS = 50;

const stateSchema = z.object({ email: z.string(), password: z.string(), complete: z.boolean() });
type State = z.infer<typeof stateSchema>;

/** @throws Error naming the step that failed */
export async function prepareDemo(options: DemoOptions): Promise<DemoAccount> {
  const file = join(options.dataDir, "demo.json");
  const state = await readState(file);
  if (state.complete) return state;
  // Stored before it is used: an account whose password nobody knows would be lost.
  await writeState(file, state);
  await createDemo(options, state);
  await writeState(file, { ...state, complete: true });
  return state;
}

async function createDemo({ executor, authenticator, mailbox, logger }: DemoOptions, account: DemoAccount) {
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
  const signIn = async () => (await run(SIGN_IN, { ...account }, signInSchema)).sessionCreate.tokens?.accessToken;

  let token = await signIn();
  if (token === undefined) {
    await run(REGISTER, { ...account, key: "demo-register" }, z.unknown());
    const verification = await until("the verification mail", async () => {
      const [mail] = await mailbox.list(account.email);
      return mail === undefined ? undefined : /[?&#]token=([\w.~-]+)/.exec(mail.text)?.[1];
    });
    await run(VERIFY, { token: verification }, z.unknown());
    token = await signIn();
  }
  const signedIn = token;
  if (signedIn === undefined) throw new Error("the demo user cannot sign in");

  const created = await run(CREATE_ORGANIZATION, {}, organizationSchema, signedIn);
  const id = created.organizationCreate.organization?.id;
  if (id === undefined) throw new Error("the demo organisation could not be created");
  const { accountId, planId } = await until("the billing account", async () => {
    const { organization, plans } = await run(BILLING, { id }, billingSchema, signedIn);
    const plan = plans.edges.find(({ node }) => node.price.amountMinor !== "0") ?? plans.edges[0];
    const billing = organization?.billingAccount?.id;
    return plan === undefined || billing === undefined ? undefined : { accountId: billing, planId: plan.node.id };
  });
  await run(ATTACH, { accountId }, z.unknown(), signedIn);
  await run(START, { accountId, planId }, z.unknown(), signedIn);
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

async function readState(file: string): Promise<State> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text !== undefined) return stateSchema.parse(JSON.parse(text));
  return { email: EMAIL, password: `demo-${randomBytes(9).toString("base64url")}`, complete: false };
}

async function writeState(file: string, state: State): Promise<void> {
  await writeFile(`${file}.next`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.next`, file);
}

const signInSchema = z.object({
  sessionCreate: z.object({ tokens: z.object({ accessToken: z.string() }).nullable() }),
});
const organizationSchema = z.object({
  organizationCreate: z.object({ organization: z.object({ id: z.string() }).nullable() }),
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
const REGISTER = `mutation ($email: EmailAddress!, $password: String!, $key: String!) {
  userRegister(input: { email: $email, password: $password, displayName: "Dana Demo", idempotencyKey: $key }) { accepted }
}`;
const VERIFY = "mutation ($token: String!) { emailVerify(input: { token: $token }) { user { id } } }";
const CREATE_ORGANIZATION = `mutation {
  organizationCreate(input: { name: "Demo Organisation", idempotencyKey: "demo-organization" }) { organization { id } }
}`;
const BILLING = `query ($id: ID!) {
  organization(id: $id) { billingAccount { id } }
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
