/** A plan that an organisation starts with. */
export interface PlanWish {
  readonly planCode: string;
  /** Of the payment provider's form. */
  readonly providerToken: string;
}
