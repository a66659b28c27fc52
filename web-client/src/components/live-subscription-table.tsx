import type { LiveSubscriptionsQuery } from "../../../schema/generated/operations.ts";
import { clientTitle, fieldTitle } from "../format/live-subscription.ts";
import { formatMoment } from "../format/time.ts";

type LiveSubscription = LiveSubscriptionsQuery["liveSubscriptions"][number];

interface LiveSubscriptionTableProps {
  readonly subscriptions: readonly LiveSubscription[];
  readonly onClose: (id: string) => void;
}

export function LiveSubscriptionTable({ subscriptions, onClose }: LiveSubscriptionTableProps) {
  return (
    <table>
      <caption className="visually-hidden">Live connections, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Follows</th>
          <th scope="col">Client</th>
          <th scope="col">Since</th>
          <th scope="col" className="number">
            Messages
          </th>
          <td />
        </tr>
      </thead>
      <tbody>
        {subscriptions.map(({ id, field, organization, userAgent, ip, current, startedAt, deliveredCount }) => (
          <tr key={id}>
            <th scope="row">
              {fieldTitle(field)}
              {organization != null && <span className="hint"> {organization.name}</span>}
            </th>
            <td>
              {clientTitle(userAgent)} {current && <span className="badge">This session</span>}
              {ip != null && <span className="hint"> {ip}</span>}
            </td>
            <td>
              <time dateTime={startedAt}>{formatMoment(startedAt)}</time>
            </td>
            <td className="number">{deliveredCount}</td>
            <td className="action">
              <button
                type="button"
                className="button small"
                aria-label={`Close ${fieldTitle(field)} of ${clientTitle(userAgent)}`}
                onClick={() => onClose(id)}
              >
                Close
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
