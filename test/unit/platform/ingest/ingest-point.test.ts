import { pino } from "pino";
import { expect, test } from "vitest";
import { createIdentitySigner, createIdentityVerifier } from "../../../../platform/auth/identity-header.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { requirePermission } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { PublishedDenial } from "../../../../platform/graphql/denial-reporter.ts";
import { createIngestPoint, type TakenDelivery } from "../../../../platform/ingest/ingest-point.ts";
import { namedId, userWith } from "../../../support/identities.ts";

const SECRETS = ["s".repeat(64)];
const signer = createIdentitySigner(SECRETS, systemClock);
const ids = { userId: namedId("usr", "caller"), sessionId: namedId("ses", "caller") };
const identity = userWith(ids);

function pointThat(take: (delivered: unknown) => Promise<TakenDelivery>) {
  const denials: Pick<PublishedDenial, "permission">[] = [];
  const point = createIngestPoint({
    name: "things",
    verifier: createIdentityVerifier(SECRETS, "shop", systemClock),
    denials: {
      report: async (_request, told) => void denials.push(...told),
    },
    logger: pino({ level: "silent" }),
    take: (_request, delivered) => take(delivered),
  });
  async function send(body: string | Buffer, headers?: Record<string, string>) {
    const signed = { "x-tributary-identity": await signer.sign("shop", identity, {}) };
    const answer = await point.receive({
      headers: headers ?? signed,
      body: typeof body === "string" ? Buffer.from(body) : body,
    });
    return { status: answer.status, body: JSON.parse(answer.body) };
  }
  return { send, denials };
}

test("what was taken is answered as it was taken [S14]", async () => {
  const { send } = pointThat(async (delivered) => ({ status: 201, body: { delivered } }));
  expect(await send('{"a":1}')).toEqual({ status: 201, body: { delivered: { a: 1 } } });
});

test("an expected refusal has its status, its code and the place in the body", async () => {
  const { send } = pointThat(() => Promise.reject(refuse("LIMIT_REACHED", "No room.", "quantity")));
  expect(await send("{}")).toEqual({
    status: 422,
    body: {
      errors: [
        {
          message: "No room.",
          extensions: { code: "LIMIT_REACHED", status: 422, field: ["quantity"], traceId: expect.any(String) },
        },
      ],
    },
  });
});

test.each<[string, string | Buffer, number, string]>([
  ["no JSON", "{", 400, "BAD_REQUEST"],
  ["bytes that no text has", Buffer.from([0x22, 0xff, 0x22]), 400, "BAD_REQUEST"],
  ["the number of a card", '{"note":"4242 4242 4242 4242"}', 400, "BAD_USER_INPUT"],
])("%s is refused before anybody looks at it", async (_what, body, status, code) => {
  const { send } = pointThat(() => Promise.reject(new Error("it was looked at")));
  expect(await send(body)).toMatchObject({ status, body: { errors: [{ extensions: { code } }] } });
});

test("only the gateway may deliver", async () => {
  const { send } = pointThat(async () => ({ status: 201, body: {} }));
  expect(await send("{}", {})).toMatchObject({
    status: 401,
    body: { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] },
  });
});

test("a failure of ours is masked, and an outage says to come again", async () => {
  const broken = pointThat(() => Promise.reject(new Error("a table is missing")));
  const failed = await broken.send("{}");
  expect([failed.status, JSON.stringify(failed.body)]).toEqual([500, expect.not.stringContaining("table")]);
  const away = pointThat(() => Promise.reject(new AppError("SERVICE_UNAVAILABLE", "Come again.")));
  expect(await away.send("{}")).toMatchObject({ status: 503, body: { errors: [{ message: "Come again." }] } });
});

test("a refusal for want of a permission is told like those of other requests", async () => {
  const organizationId = namedId("org", "shop");
  const member = userWith({ ...ids, grants: { [organizationId]: ["things.read"] } });
  const { send, denials } = pointThat(async () => {
    requirePermission(member, organizationId, "things.write", refuse("NOT_FOUND", "There is no such shop."));
    return { status: 201, body: {} };
  });
  expect(await send("{}")).toMatchObject({ status: 403, body: { errors: [{ extensions: { code: "FORBIDDEN" } }] } });
  expect(denials).toEqual([{ organizationId, permission: "things.write" }]);
});
