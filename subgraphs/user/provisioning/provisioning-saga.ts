/**
 * How an organisation is set up: it is there at once, then billing opens its account, keeps the card and starts the
 * plan, if one was asked for; then it is active. What billing cannot do is undone, and the organisation is closed.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Saga, StepAction } from "../../../platform/saga/saga.ts";
import type { NewSaga, OwnStep, SagaDefinition, SagaEvents } from "../../../platform/saga/saga-coordinator.ts";
import type { SagaKind } from "../../../schema/generated/user.ts";
import { UserId } from "../domain/ids.ts";
import type { PlanWish } from "../domain/plan-wish.ts";
import { organizationActivated, organizationClosed, sagaChanged, sagaStepRequested } from "../domain-events.ts";
import type { UserServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import { forgetFounder } from "../store/memberships.ts";
import { closeOrganization, lockOrganization, setOrganizationStatus } from "../store/organizations.ts";

export const PROVISIONING = "ORGANIZATION_PROVISIONING" satisfies SagaKind;

const BILLING = "billing";
const ORGANIZATION = { name: "organization", service: "user" };
const ACCOUNT = { name: "billing_account", service: BILLING };
const METHOD = { name: "payment_method", service: BILLING };
const SUBSCRIPTION = { name: "subscription", service: BILLING };
const ACTIVATION = { name: "activation", service: "user" };

/** The part of the input that each step of others is told. */
const TOLD: Readonly<Record<string, readonly (keyof PlanWish | "founderId")[]>> = {
  [ACCOUNT.name]: ["planCode"],
  [METHOD.name]: ["sealedToken", "founderId"],
  [SUBSCRIPTION.name]: ["planCode"],
};

export interface NewProvisioning extends Pick<NewSaga, "id" | "causation"> {
  readonly organizationId: OrganizationId;
  readonly founderId: UserId;
  readonly plan: PlanWish | undefined;
}

/** For an organisation that the same transaction makes. */
export function provisioningOf({ id, causation, organizationId, founderId, plan }: NewProvisioning): NewSaga {
  const paid = plan === undefined ? [] : [METHOD, SUBSCRIPTION];
  return {
    ...{ id, causation },
    kind: PROVISIONING,
    tenantId: organizationId,
    input: { founderId, ...plan },
    steps: [{ ...ORGANIZATION, done: true }, ACCOUNT, ...paid, ACTIVATION],
  };
}

type Deps = Pick<UserServices, "clock">;

export function provisioningDefinition(deps: Deps): SagaDefinition<UserTransaction> {
  return { kind: PROVISIONING, own: { [ORGANIZATION.name]: organization(deps), [ACTIVATION.name]: activation(deps) } };
}

export const sagaEvents: SagaEvents = {
  changed: sagaChanged,
  stepRequested(saga, action) {
    const step = saga.steps.find(({ name }) => name === action.step);
    if (step === undefined) throw new Error(`the saga ${saga.id} has no step ${action.step}`);
    return sagaStepRequested(saga, action, {
      service: step.service,
      attempt: step.attempts,
      userId: UserId.require(saga.input["founderId"] ?? ""),
      input: toldOf(saga, action),
    });
  },
};

function toldOf({ input }: Saga, { step, direction }: StepAction): Record<string, string> {
  if (direction === "COMPENSATE") return {};
  const told = TOLD[step] ?? [];
  return Object.fromEntries(Object.entries(input).filter(([name]) => told.some((known) => known === name)));
}

/** Made together with the saga. */
function organization({ clock }: Deps): OwnStep<UserTransaction> {
  return {
    EXECUTE: async () => undefined,
    async COMPENSATE({ tx, emit }, { tenantId, failure }) {
      const id = OrganizationId.require(tenantId);
      const found = await lockOrganization(tx, id);
      if (found === undefined || found.status === "CLOSED") return;
      await forgetFounder(tx, id);
      const version = await closeOrganization(tx, { id, now: clock.now() });
      emit(organizationClosed(id, version, failure ?? "It could not be set up."));
    },
  };
}

/** The last step: nothing can fail behind it, so nothing of it is undone. */
function activation({ clock }: Deps): OwnStep<UserTransaction> {
  return {
    async EXECUTE({ tx, emit }, { tenantId }) {
      const id = OrganizationId.require(tenantId);
      const found = await lockOrganization(tx, id);
      // An operator may have suspended it meanwhile.
      if (found?.status !== "PROVISIONING") return;
      const version = await setOrganizationStatus(tx, { id, status: "ACTIVE", now: clock.now() });
      emit(organizationActivated(id, version));
    },
    COMPENSATE: async () => undefined,
  };
}
