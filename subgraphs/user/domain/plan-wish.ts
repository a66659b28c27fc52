/** A plan that an organisation is to start with, as its founder asks for it. */
export interface PlanChoice {
  readonly planCode: string;
  /** Of the payment provider's form. */
  readonly providerToken: string;
}

/** The same as it is kept and sent to billing. */
export interface PlanWish {
  readonly planCode: string;
  /** The token, sealed for the founder. */
  readonly sealedToken: string;
}
