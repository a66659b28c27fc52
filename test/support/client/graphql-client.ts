// A client as a frontend would be one: GraphQL over HTTP, with a token.
import type { GraphQLFormattedError } from "graphql";

export interface GraphQLAnswer<Data = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Data | null | undefined;
  readonly errors: readonly GraphQLFormattedError[] | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

export interface GraphQLClient {
  readonly endpoint: string;
  readonly token: string | undefined;
  /** The same client with a token. */
  as(token: string): GraphQLClient;
  /** The whole answer, whatever it is. */
  send<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GraphQLAnswer<Data>>;
  /** The whole answer, once there was room for it: HTTP 503 says that nothing was done, and when to come again. */
  answered<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphQLAnswer<Data>>;
  /** The data, once there was room for it; throws when the answer holds errors. */
  request<Data = Record<string, unknown>>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  /** One mutation with one `input`; throws on errors and on `userErrors`. `selection` is what to ask of the payload. */
  mutate<Payload = Record<string, unknown>>(
    name: string,
    input: Record<string, unknown>,
    selection: string,
  ): Promise<Payload>;
}

const DEADLINE_MS = 60_000;
/** How long a client comes again. */
const PATIENCE_MS = 60_000;

/** @param endpoint e.g. http://127.0.0.1:4000/graphql */
export function createGraphQLClient(endpoint: string, token?: string): GraphQLClient {
  const client: GraphQLClient = {
    endpoint,
    token,
    as: (other) => createGraphQLClient(endpoint, other),
    async send<Data>(query: string, variables: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/graphql-response+json, application/json;q=0.9",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      const text = await response.text();
      let body: Omit<GraphQLAnswer<Data>, "status" | "headers">;
      try {
        body = JSON.parse(text);
      } catch {
        throw new Error(`the answer is not JSON (HTTP ${response.status}): ${text.slice(0, 200)}`);
      }
      const { data, errors, extensions } = body;
      return { status: response.status, headers: response.headers, data, errors, extensions };
    },
    async answered<Data>(query: string, variables: Record<string, unknown> = {}) {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const answer = await client.send<Data>(query, variables);
        const pause = Number(answer.headers.get("retry-after"));
        if (answer.status !== 503 || !(pause > 0) || performance.now() > until) return answer;
        await new Promise((resolve) => setTimeout(resolve, pause * 1_000));
      }
    },
    async request<Data>(query: string, variables: Record<string, unknown> = {}) {
      const { data, errors, status } = await client.answered<Data>(query, variables);
      if (errors !== undefined || data == null) throw new Error(`HTTP ${status}: ${JSON.stringify(errors)}\n${query}`);
      return data;
    },
    async mutate<Payload>(name: string, input: Record<string, unknown>, selection: string) {
      const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
      const document = `mutation($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code message field status } } }`;
      const data = await client.request<Record<string, Payload & { userErrors: unknown[] }>>(document, { input });
      const payload = data[name];
      if (payload === undefined || payload.userErrors.length > 0) {
        throw new Error(`${name} was refused: ${JSON.stringify(payload?.userErrors)}`);
      }
      return payload;
    },
  };
  return client;
}
