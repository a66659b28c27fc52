import { useMutation } from "@apollo/client/react";
import { useRef, useState } from "react";
import {
  ChangeSubscriptionDocument,
  type InvoiceFieldsFragment,
  PayInvoiceDocument,
  type PaymentFieldsFragment,
  StartSubscriptionDocument,
  type UserErrorFieldsFragment,
} from "../../../schema/generated/operations.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { retryWhileInProgress } from "./retry-while-in-progress.ts";
import { useIntentKeys } from "./use-intent-keys.ts";

/** A card that is kept already, or a test card, which is kept if the payment succeeds. */
export type PaymentChoice =
  | { readonly kind: "saved"; readonly paymentMethodId: string }
  | { readonly kind: "sandbox"; readonly token: string };

/** Another plan in place of the one that runs, at what its preview said. */
export interface PlanChange {
  readonly kind: "change";
  readonly subscriptionId: string;
  readonly expectedVersion: number;
  readonly planId: string;
  /** Of the preview. */
  readonly prorateAt: string;
}

/** What is paid: an invoice that exists, or a plan whose start, or choice, issues one. */
export type PaymentPurpose =
  | { readonly kind: "invoice"; readonly invoiceId: string }
  | { readonly kind: "plan"; readonly planId: string }
  | PlanChange;

export interface PaymentState {
  readonly busy: boolean;
  readonly problem: string | undefined;
  readonly invoice: InvoiceFieldsFragment | undefined;
  readonly payment: PaymentFieldsFragment | undefined;
}

/** As the mutations take it. */
type Source = { readonly paymentMethodId: string } | { readonly providerToken: string };

interface Answer {
  readonly invoice: InvoiceFieldsFragment | null;
  readonly payment: PaymentFieldsFragment | null;
  readonly userErrors: readonly UserErrorFieldsFragment[];
}

const NO_ANSWER: Answer = { invoice: null, payment: null, userErrors: [] };
const READY: PaymentState = { busy: false, problem: undefined, invoice: undefined, payment: undefined };

/**
 * Pays for a plan or an invoice. A declined start leaves an invoice, which the next try pays with another card; a
 * declined change leaves nothing, and the next try changes anew.
 */
export function usePayment(accountId: string, purpose: PaymentPurpose) {
  const [start] = useMutation(StartSubscriptionDocument);
  const [change] = useMutation(ChangeSubscriptionDocument);
  const [payInvoice] = useMutation(PayInvoiceDocument);
  const keys = useIntentKeys();
  const running = useRef(false);
  const [state, setState] = useState<PaymentState>(READY);

  const changePlan = ({ subscriptionId, planId, ...preview }: Omit<PlanChange, "kind">, source: Source) =>
    keys.run(`change ${subscriptionId} ${planId} ${nameOf(source)}`, (idempotencyKey) =>
      retryWhileInProgress(async (): Promise<Answer> => {
        const wanted = { id: subscriptionId, planId, when: "NOW" as const, ...preview };
        const { data } = await change({ variables: { input: { ...wanted, ...source, idempotencyKey } } });
        return data?.subscriptionChange ?? NO_ANSWER;
      }),
    );

  const collect = async (source: Source): Promise<Answer> => {
    if (purpose.kind === "change") {
      const { kind: _, ...wanted } = purpose;
      return changePlan(wanted, source);
    }
    const invoiceId = purpose.kind === "invoice" ? purpose.invoiceId : state.invoice?.id;
    if (invoiceId !== undefined) {
      return keys.run(`pay ${invoiceId} ${nameOf(source)}`, (idempotencyKey) =>
        retryWhileInProgress(async () => {
          const { data } = await payInvoice({ variables: { input: { id: invoiceId, ...source, idempotencyKey } } });
          return data?.invoicePay ?? NO_ANSWER;
        }),
      );
    }
    if (purpose.kind !== "plan") return NO_ANSWER;
    const { planId } = purpose;
    return keys.run(`start ${planId} ${nameOf(source)}`, (idempotencyKey) =>
      retryWhileInProgress(async () => {
        const { data } = await start({ variables: { input: { accountId, planId, ...source, idempotencyKey } } });
        return data?.subscriptionStart ?? NO_ANSWER;
      }),
    );
  };

  const pay = async (choice: PaymentChoice): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setState((state) => ({ ...state, busy: true, problem: undefined }));
    try {
      const { invoice, payment, userErrors } = await collect(sourceOf(choice));
      setState((state) => ({
        busy: false,
        problem: sentencesOf(userErrors),
        invoice: invoice ?? state.invoice,
        payment: payment ?? undefined,
      }));
    } catch (error) {
      setState((state) => ({ ...state, busy: false, problem: describeProblem(error) }));
    } finally {
      running.current = false;
    }
  };

  return { state, pay };
}

const sourceOf = (choice: PaymentChoice): Source =>
  choice.kind === "saved" ? { paymentMethodId: choice.paymentMethodId } : { providerToken: choice.token };

const nameOf = (source: Source): string => Object.values(source).join();

function sentencesOf(userErrors: readonly UserErrorFieldsFragment[]): string | undefined {
  return userErrors.length === 0 ? undefined : userErrors.map(({ message }) => message).join(" ");
}
