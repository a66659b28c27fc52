import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { from as observableOf, switchMap } from "rxjs";
import { clientName } from "../app/client-name.ts";
import type { SessionManager } from "../auth/session.ts";
import { operationId } from "./registered-operation.ts";

const TOKEN = "accessToken";
const RETRIED = "retriedWithFreshToken";

/** Queries and mutations. A request that the server does not recognise any more is repeated once with a fresh token. */
export function createApolloClient(session: SessionManager): ApolloClient {
  const authorize = new SetContextLink(async ({ headers, [TOKEN]: given }) => {
    const token: unknown = given ?? (await session.accessToken());
    if (typeof token !== "string") return {};
    return { [TOKEN]: token, headers: { ...headers, authorization: `Bearer ${token}` } };
  });

  const renew = new ErrorLink(({ error, operation, forward }) => {
    const context = operation.getContext();
    if (!isUnauthenticated(error) || context[RETRIED] === true) return;
    const used: unknown = context[TOKEN];
    if (typeof used !== "string") return;
    return observableOf(session.accessToken(used)).pipe(
      switchMap((token) => {
        operation.setContext({ [RETRIED]: true, [TOKEN]: token });
        return forward(operation);
      }),
    );
  });

  const persisted = new PersistedQueryLink({
    generateHash(document) {
      const id = operationId(document);
      if (id === undefined) throw new Error("an operation that the build did not register");
      return id;
    },
  });

  return new ApolloClient({
    link: ApolloLink.from([renew, authorize, persisted, new HttpLink({ uri: "/graphql" })]),
    cache: new InMemoryCache({
      typePolicies: {
        // One viewer per cache: it is cleared when somebody else signs in.
        Viewer: { keyFields: [] },
        Organization: { fields: { members: { merge: false }, invitations: { merge: false } } },
      },
    }),
    clientAwareness: clientName,
  });
}

function isUnauthenticated(error: unknown): boolean {
  if (CombinedGraphQLErrors.is(error)) {
    return error.errors.some(({ extensions }) => extensions?.["code"] === "UNAUTHENTICATED");
  }
  return ServerError.is(error) && error.statusCode === 401;
}
