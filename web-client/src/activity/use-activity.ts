import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useState } from "react";
import {
  ActivityHistoryDocument,
  AuditActivityDocument,
  BillingActivityDocument,
  MemberActivityDocument,
} from "../../../schema/generated/operations.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import { useRefetchSoon } from "../graphql/use-refetch-soon.ts";
import { describeBilling } from "./describe-billing.ts";
import { describeEntry } from "./describe-entry.ts";
import { type ActivityItem, mergeActivity } from "./feed.ts";
import { useLiveStream } from "./use-live-stream.ts";

/** What the viewer may follow. */
export interface ActivityRights {
  readonly members: boolean;
  readonly billing: boolean;
  readonly audit: boolean;
}

// Queries by what makes their answers old.
const MONEY = ["Dashboard", "Plans", "Entitlements"];
const HISTORY = ["ActivityHistory"];
const PEOPLE = ["Members", "Invitations", "Entitlements"];
const ACCESS = ["Viewer", "Permissions"];

/** The live activity of an organisation, newest first, and fresh queries for whatever it touches. */
export function useActivity(organizationId: string, rights: ActivityRights): readonly ActivityItem[] {
  const [feed, setFeed] = useState<readonly ActivityItem[]>([]);
  const client = useApolloClient();
  const refetchSoon = useRefetchSoon();
  const add = useCallback((items: readonly ActivityItem[]) => setFeed((feed) => mergeActivity(feed, items)), []);
  const variables = { organizationId };
  const onEnd = (): void => refetchSoon(ACCESS);

  const { data: history } = useCachedQuery(ActivityHistoryDocument, {
    variables,
    skip: !rights.audit,
    fetchPolicy: "cache-and-network",
    errorPolicy: "all",
  });
  useEffect(() => {
    add(history?.organization?.auditLog?.edges.map(({ node }) => describeEntry(node)) ?? []);
  }, [history, add]);

  useLiveStream({
    document: BillingActivityDocument,
    variables,
    skip: !rights.billing,
    onData({ billingEvents }) {
      add([describeBilling(billingEvents)]);
      refetchSoon(MONEY);
    },
    onStale: () => refetchSoon(MONEY),
    onEnd,
  });

  useLiveStream({
    document: AuditActivityDocument,
    variables,
    skip: !rights.audit,
    onData({ auditEvents }) {
      const { event } = auditEvents;
      const entry = event.__typename === "AuditRecorded" ? event.entry : null;
      // Its own subgraph did not answer: the history will.
      if (entry === null) return refetchSoon(HISTORY);
      add([describeEntry(entry)]);
    },
    onStale: () => refetchSoon(HISTORY),
    onEnd,
  });

  useLiveStream({
    document: MemberActivityDocument,
    variables,
    skip: !rights.members,
    onData: () => refetchSoon([...PEOPLE, ...ACCESS]),
    onStale: () => refetchSoon([...PEOPLE, ...ACCESS]),
    onEnd,
  });

  // Kept while pages change; dropped with the user's cache.
  useEffect(() => client.onClearStore(async () => setFeed([])), [client]);
  return feed;
}
