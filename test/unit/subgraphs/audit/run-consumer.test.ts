import { expect, test } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { createEventContracts } from "../../../../platform/events/contracts.ts";
import { createOutbox } from "../../../../platform/events/outbox.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { runHandlers, tenantsOfRuns } from "../../../../subgraphs/audit/job-runs/run-consumer.ts";
import { namedId } from "../../../support/identities.ts";

const types = [
  "orders.job.started.v1",
  "orders.job.progressed.v1",
  "orders.job.finished.v1",
  "orders.job.finished.v2",
  "orders.job_offer.started.v1",
  "orders.order.started.v1",
];
const contracts = createEventContracts(new Map(types.map((type) => [type, { type: "object" }])));
const ids = createIdSource(systemClock);
const outbox = createOutbox({ contracts, clock: systemClock, ids, source: "/tributary/audit", topic: "audit.events" });
const services = { contracts, clock: systemClock, outbox };

test("runs of any subgraph are heard of, by the versions that are known [S110]", () => {
  const handlers = runHandlers({ ...services, operatorOrganizationId: undefined });
  expect(Object.keys(handlers).sort()).toEqual(types.slice(0, 3).sort());
});

test("they are the platform's, and the operators' organisation is told where there is one [S110]", () => {
  const operators = namedId("org", "operators");
  expect(tenantsOfRuns({ ...services, operatorOrganizationId: undefined })).toEqual(["platform"]);
  expect(tenantsOfRuns({ ...services, operatorOrganizationId: operators })).toEqual(["platform", operators]);
});
