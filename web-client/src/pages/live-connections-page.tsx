import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { CloseLiveSubscriptionDocument, LiveSubscriptionsDocument } from "../../../schema/generated/operations.ts";
import { LiveSubscriptionTable } from "../components/live-subscription-table.tsx";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { Page } from "../components/page.tsx";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";

const REFRESH_MS = 5_000;

/** What follows events in the viewer's name, in every window and on every device; what is not wanted can be closed. */
export function LiveConnectionsPage() {
  const { data, error, refetch } = useCachedQuery(LiveSubscriptionsDocument, {
    variables: {},
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
    pollInterval: REFRESH_MS,
    skipPollAttempt: () => document.hidden,
  });
  const [close] = useMutation(CloseLiveSubscriptionDocument);
  const [problem, setProblem] = useState<string>();
  const subscriptions = data?.liveSubscriptions;

  const closeOne = async (id: string): Promise<void> => {
    setProblem(undefined);
    try {
      const { data: closed } = await close({ variables: { input: { id } } });
      setProblem(closed?.liveSubscriptionClose.userErrors[0]?.message);
    } catch (failure) {
      setProblem(describeProblem(failure));
    }
    // Its failure is shown by the query itself.
    await refetch().catch(() => {});
  };

  return (
    <Page
      title="Live connections"
      intro="Whatever follows events in your name: your other windows and devices, and programs that use your session."
    >
      {problem !== undefined && <Notice tone="problem">{problem}</Notice>}
      {error !== undefined && !isIncomplete(error) && <Notice tone="problem">{describeProblem(error)}</Notice>}
      {error !== undefined && isIncomplete(error) && (
        <Notice tone="info">Some connections may be missing from this list right now.</Notice>
      )}
      {subscriptions === undefined && error === undefined && <Loading what="live connections" />}
      {subscriptions !== undefined && (
        <section className="card" aria-label="Live connections">
          {subscriptions.length === 0 ? (
            <p className="hint">Nothing is connected right now.</p>
          ) : (
            <LiveSubscriptionTable subscriptions={subscriptions} onClose={(id) => void closeOne(id)} />
          )}
        </section>
      )}
    </Page>
  );
}

/** The list came, without what other gateways hold. */
function isIncomplete(error: unknown): boolean {
  return (
    CombinedGraphQLErrors.is(error) && error.errors.every(({ extensions }) => extensions?.["code"] === "INCOMPLETE")
  );
}
