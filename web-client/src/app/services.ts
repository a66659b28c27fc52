/** The long-lived parts of the app, built once per page and handed down by context. */
import type { ApolloClient } from "@apollo/client";
import { createSessionManager, type SessionManager } from "../auth/session.ts";
import { createApolloClient } from "../graphql/apollo-client.ts";
import { createLiveClient, type LiveClient } from "../graphql/live-client.ts";
import { operationId } from "../graphql/registered-operation.ts";
import { clientNameHeaders } from "./client-name.ts";

export interface Services {
  readonly session: SessionManager;
  readonly apollo: ApolloClient;
  readonly live: LiveClient;
}

export function createServices(): Services {
  const session = createSessionManager();
  const apollo = createApolloClient(session);
  const live = createLiveClient({
    url: socketUrl(window.location),
    token: socketToken(session),
    params: clientNameHeaders,
    documentId: operationId,
  });

  window.addEventListener("offline", () => live.disconnect());
  window.addEventListener("online", () => live.reconnect());
  session.onChange(() => {
    // Nothing of one user may be seen by the next.
    live.disconnect();
    void apollo.clearStore();
  });
  return { session, apollo, live };
}

function socketUrl({ protocol, host }: Location): string {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/graphql`;
}

/** Remembers what the socket was opened with: that, and no newer one, is what the server refused. */
function socketToken(session: SessionManager): (options: { readonly refused: boolean }) => Promise<string> {
  let sent: string | undefined;
  return async ({ refused }) => {
    sent = await session.accessToken(refused ? sent : undefined);
    if (sent === undefined) throw new Error("nobody is signed in");
    return sent;
  };
}
