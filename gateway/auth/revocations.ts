/**
 * Follows the identity events that take rights away. Guarantees that a gap in what it could read is reported as an
 * empty revocation ("check everybody again"), never passed over.
 */
import { z } from "zod";
import type { EventLog, LogReader, LogRecord } from "../../platform/events/event-log.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Revocation } from "../ports.ts";

const TOPIC = "user.events";

/** Only what is needed here: a record that is no full envelope may still revoke. */
const eventSchema = z.object({
  type: z.string(),
  subject: z.string().optional(),
  orgid: z.string().optional(),
  actorid: z.string().optional(),
  data: z.looseObject({ userId: z.string().optional(), sessionId: z.string().optional() }),
});

/** Events that change what every member of the organisation may do there. */
const OF_ALL_MEMBERS =
  /^user\.(organization\.(closed|suspended|reinstated|security_changed|deletion_scheduled|restored|deleted)|(?:role|domain|identity_provider)\.[a-z]+)\./;
/** Events that change what somebody may do. */
const OF_SOMEBODY =
  /^user\.(session\.revoked|api_key\.(revoked|rotated)|membership\.|organization\.created|second_factor_|passkey\.|suspended|reinstated|erased)/;

export interface RevocationsOptions {
  readonly eventLog: Pick<EventLog, "tail">;
  readonly logger: Logger;
  readonly onRevoked: (who: Revocation) => Promise<void>;
}

/** Resolves once every later event is sure to be seen. */
export function followRevocations({ eventLog, logger, onRevoked }: RevocationsOptions): Promise<LogReader> {
  return eventLog.tail({
    topic: TOPIC,
    from: "end",
    async onRecords(_partition, records) {
      for (const record of records) {
        const who = revocationOf(record);
        if (who !== undefined) await onRevoked(who);
      }
    },
    onInterruption(problem) {
      logger.warn({ err: problem }, "revocations may have been missed: every session is checked again");
      onRevoked({}).catch((error: unknown) => logger.error({ err: error }, "clearing the session cache failed"));
    },
  });
}

/** `undefined` for events that change nobody's rights. */
export function revocationOf(record: Pick<LogRecord, "value">): Revocation | undefined {
  const parsed = eventSchema.safeParse(parseJson(record.value));
  if (!parsed.success) return undefined;
  const { type, orgid, actorid, subject, data } = parsed.data;
  if (OF_ALL_MEMBERS.test(type)) return orgid === undefined ? {} : { organizationId: orgid };
  if (!OF_SOMEBODY.test(type)) return undefined;
  if (type.startsWith("user.session.revoked.")) {
    const sessionId = data.sessionId ?? subject;
    return sessionId === undefined ? {} : { sessionId };
  }
  if (type.startsWith("user.api_key.")) return subject === undefined ? {} : { apiKeyId: subject };
  // Whoever creates an organisation owns it.
  const creator = type.startsWith("user.organization.created.") ? actorid : undefined;
  const userId = data.userId ?? creator ?? (subject?.startsWith("usr_") === true ? subject : undefined);
  if (userId === undefined) return {};
  return { userId, ...(orgid === undefined ? {} : { organizationId: orgid }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
