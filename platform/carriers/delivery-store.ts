/**
 * Statements on deliveries. Callers bring a transaction that is bound to the tenant. Whatever changes a delivery holds
 * the row of its address first, so two of them never wait for each other.
 */
import { z } from "zod";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import {
  type AddressKey,
  addressKey,
  type Delivery,
  type DeliveryRequest,
  type DeliveryState,
  type DeliveryStep,
  delivery,
  deliveryState,
} from "./delivery.ts";

const deliveries = z.array(delivery);
const COLUMNS = `id, carrier, tenant_id AS "tenantId", address, content, state, attempts, detail,
  requested_at AS "requestedAt", finished_at AS "finishedAt"`;
const AT_ADDRESS = "carrier = $1 AND tenant_id = $2 AND address = $3";

/**
 * Has something sent, once the transaction has committed. Requests of one transaction for several addresses come in
 * one call, or two transactions may wait for each other.
 * @returns how many there were not yet, by their ids
 */
export async function requestDeliveries(
  tx: SqlTransaction,
  requests: readonly DeliveryRequest[],
  now: Date,
): Promise<number> {
  let made = 0;
  const inOrder = requests.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const { id, carrier, tenantId, address, content } of inOrder) {
    made += await tx.$executeRawUnsafe(
      `WITH place AS (
         INSERT INTO carrier_address (carrier, tenant_id, address, last_number, wake_at)
         VALUES ($1, $2, $3, 1, $6::timestamptz)
         ON CONFLICT (carrier, tenant_id, address) DO UPDATE SET last_number = carrier_address.last_number + 1,
           wake_at = coalesce(carrier_address.wake_at, excluded.wake_at)
         RETURNING last_number
       ), made AS (
         INSERT INTO carrier_delivery (id, carrier, tenant_id, address, number, content, state, requested_at)
         SELECT $4, $1, $2, $3, last_number, $5, 'REQUESTED', $6::timestamptz FROM place
         ON CONFLICT (id) DO NOTHING RETURNING id
       )
       INSERT INTO carrier_step (delivery_id, number, tenant_id, state, at)
       SELECT id, 1, $2, 'REQUESTED', $6::timestamptz FROM made`,
      ...[carrier, tenantId, address, id, content, now.toISOString()],
    );
  }
  return made;
}

const keyOf = ({ carrier, tenantId, address }: DeliveryRequest) => `${carrier} ${tenantId} ${address}`;

/**
 * Has a dead delivery sent again, behind what waits for its address. Its attempts are counted anew.
 * @returns false when it is not dead: of several replays one has an effect
 */
export async function replayDelivery(tx: SqlTransaction, id: string, now: Date): Promise<boolean> {
  const [dead] = await findDeliveries(tx, [id]);
  if (dead?.state !== "DEAD") return false;
  const { carrier, tenantId, address } = dead;
  await tx.$executeRawUnsafe(
    `UPDATE carrier_address SET last_number = last_number + 1, wake_at = coalesce(wake_at, $4::timestamptz)
     WHERE ${AT_ADDRESS}`,
    ...[carrier, tenantId, address, now.toISOString()],
  );
  const replayed = await tx.$executeRawUnsafe(
    `UPDATE carrier_delivery SET state = 'REQUESTED', attempts = 0, finished_at = NULL,
       number = (SELECT last_number FROM carrier_address WHERE ${AT_ADDRESS})
     WHERE id = $4 AND state = 'DEAD'`,
    ...[carrier, tenantId, address, id],
  );
  if (replayed === 1) await addStep(tx, id, { state: "REQUESTED", detail: null, at: now });
  return replayed === 1;
}

export async function findDeliveries(tx: SqlTransaction, ids: readonly string[]): Promise<Delivery[]> {
  const statement = `SELECT ${COLUMNS} FROM carrier_delivery WHERE id = ANY ($1) ORDER BY id`;
  return deliveries.parse(await tx.$queryRawUnsafe(statement, [...ids]));
}

const steps = z.array(z.object({ state: deliveryState, detail: z.string().nullable(), at: z.date() }));

/** What happened to a delivery, oldest first. */
export async function findSteps(tx: SqlTransaction, id: string): Promise<DeliveryStep[]> {
  const statement = "SELECT state, detail, at FROM carrier_step WHERE delivery_id = $1 ORDER BY number";
  return steps.parse(await tx.$queryRawUnsafe(statement, id));
}

export interface Lease {
  readonly id: string;
  readonly now: Date;
  /** From then on another instance may begin. */
  readonly until: Date;
}

/**
 * Begins an attempt at the first delivery that waits for an address.
 * @returns undefined when the address is not due any more: another instance has it, or all is sent
 */
export async function beginDelivery(tx: SqlTransaction, key: AddressKey, lease: Lease): Promise<Delivery | undefined> {
  const place = placeOf(key);
  const leased = await tx.$executeRawUnsafe(
    `UPDATE carrier_address SET lease = $4::uuid, wake_at = $5::timestamptz
     WHERE ${AT_ADDRESS} AND wake_at <= $6::timestamptz`,
    ...[...place, lease.id, lease.until.toISOString(), lease.now.toISOString()],
  );
  if (leased === 0) return undefined;
  const begun = await tx.$queryRawUnsafe(
    `UPDATE carrier_delivery SET state = 'SENDING', attempts = attempts + 1
     WHERE id = (SELECT id FROM carrier_delivery WHERE ${AT_ADDRESS} AND finished_at IS NULL ORDER BY number LIMIT 1)
     RETURNING ${COLUMNS}`,
    ...place,
  );
  const [found] = deliveries.parse(begun);
  if (found === undefined) {
    await tx.$executeRawUnsafe(`UPDATE carrier_address SET lease = NULL, wake_at = NULL WHERE ${AT_ADDRESS}`, ...place);
    return undefined;
  }
  await addStep(tx, found.id, { state: "SENDING", detail: null, at: lease.now });
  return found;
}

export interface DeliveryEnd {
  readonly state: Exclude<DeliveryState, "REQUESTED" | "SENDING">;
  readonly detail: string | null;
  /** Of the next attempt at it, when it `FAILED`. */
  readonly nextAt: Date | null;
}

/**
 * Records how the attempt ended that the lease is of, and gives the address free.
 * @returns false when the lease is another one's by now: then nothing is written
 */
export async function endDelivery(
  tx: SqlTransaction,
  { id, ...key }: AddressKey & Pick<Delivery, "id">,
  leaseId: string,
  { state, detail, nextAt }: DeliveryEnd,
  now: Date,
): Promise<boolean> {
  const place = placeOf(key);
  const failing = state === "FAILED" || state === "DEAD";
  const held = await tx.$executeRawUnsafe(
    `UPDATE carrier_address SET lease = NULL, failing = $5 WHERE ${AT_ADDRESS} AND lease = $4::uuid`,
    ...[...place, leaseId, failing],
  );
  if (held === 0) return false;
  await tx.$executeRawUnsafe(
    `UPDATE carrier_delivery SET state = $2, detail = $3, finished_at = CASE WHEN $2 = 'FAILED' THEN NULL ELSE $4::timestamptz END,
       content = CASE WHEN $2 IN ('DELIVERED', 'CANCELLED') THEN NULL ELSE content END
     WHERE id = $1`,
    ...[id, state, detail, now.toISOString()],
  );
  await addStep(tx, id, { state, detail, at: now });
  await tx.$executeRawUnsafe(
    `UPDATE carrier_address SET wake_at = coalesce($4::timestamptz, (
       SELECT $5::timestamptz FROM carrier_delivery WHERE ${AT_ADDRESS} AND finished_at IS NULL LIMIT 1))
     WHERE ${AT_ADDRESS}`,
    ...[...place, nextAt?.toISOString() ?? null, now.toISOString()],
  );
  return true;
}

export interface DueAddress extends AddressKey {
  /** Its newest attempt failed. */
  readonly failing: boolean;
}

const dueRows = z.array(addressKey.extend({ failing: z.boolean() }));

/** How many addresses to bring at most. */
export interface DueLimits {
  readonly healthy: number;
  readonly failing: number;
}

/** Addresses of a carrier that are due, those that waited longest first. For the relay role, which sees all tenants. */
export async function findDueAddresses(
  tx: SqlTransaction,
  carrier: string,
  now: Date,
  { healthy, failing }: DueLimits,
): Promise<DueAddress[]> {
  const due = (failing: boolean, limit: string) =>
    `(SELECT carrier, tenant_id AS "tenantId", address, failing FROM carrier_address
      WHERE carrier = $1 AND wake_at <= $2::timestamptz AND failing = ${failing} ORDER BY wake_at LIMIT ${limit})`;
  const rows = await tx.$queryRawUnsafe(
    `${due(false, "$3")} UNION ALL ${due(true, "$4")}`,
    ...[carrier, now.toISOString(), healthy, failing],
  );
  return dueRows.parse(rows);
}

const placeOf = ({ carrier, tenantId, address }: AddressKey) => [carrier, tenantId, address];

/** The row of the address is held, so numbers have no gaps. */
async function addStep(tx: SqlTransaction, id: string, { state, detail, at }: DeliveryStep): Promise<void> {
  await tx.$executeRawUnsafe(
    `INSERT INTO carrier_step (delivery_id, number, tenant_id, state, detail, at)
     SELECT id, 1 + (SELECT count(*) FROM carrier_step WHERE delivery_id = $1), tenant_id, $2, $3, $4::timestamptz
     FROM carrier_delivery WHERE id = $1`,
    ...[id, state, detail, at.toISOString()],
  );
}
