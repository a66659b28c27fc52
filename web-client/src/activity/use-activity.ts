import { useApolloClient, useQuery } from "@apollo/client/react";
import { useCallback, useEffect, useState } from "react";
import {
  ActivityHistoryDocument,
  AuditActivityDocument,
  BillingActivityDocument,
} from "../../../schema/generated/operations.ts";
import { useRefetchSoon } from "../graphql/use-refetch-soon.ts";
import { describeBilling } from "./describe-billing.ts";
import { describeEntry } from "./describe-entry.ts";
import { type ActivityItem, mergeActivity } from "./feed.ts";
import { useLiveStream } from "./use-live-stream.ts";

export interface ActivityRights {
  readonly billing: boolean;
  readonly audit: boolean;
}

/** The live activity of an organisation, newest first, and fresh queries for whatever it touches. */
export function useActivity(organizationId: string, rights: ActivityRights): readonly ActivityItem[] {
  const [feed, setFeed] = useState<readonly ActivityItem[]>([]);
  const client = useApolloClient();
  const refetchSoon = useRefetchSoon();
  const add = useCallback((items: readonly ActivityItem[]) => setFeed((known) => mergeActivity(known, items)), []);
  const variables = { organizationId };

  const { data: history } = useQuery(ActivityHistoryDocument, {
    variables,
    skip: !rights.audit,
    fetchPolicy: "network-only",
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
      refetchSoon(["Dashboard", "Plans"]);
    },
    onStale: () => refetchSoon(["Dashboard", "Plans"]),
  });

  useLiveStream({
    document: AuditActivityDocument,
    variables,
    skip: !rights.audit,
    onData({ auditEvents }) {
      const { entry } = auditEvents.event;
      // Its own subgraph did not answer: the history will.
      if (entry === null) return refetchSoon(["ActivityHistory"]);
      add([describeEntry(entry)]);
      if (entry.action.startsWith("user.")) refetchSoon(["Members", "Invitations", "Viewer", "Permissions"]);
    },
    onStale: () => refetchSoon(["ActivityHistory"]),
  });

  // Kept while pages change; dropped with the user's cache.
  useEffect(() => client.onClearStore(async () => setFeed([])), [client]);
  return feed;
}
