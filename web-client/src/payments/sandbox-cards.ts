/** Test cards of the sandbox provider. Real cards never come here: a provider's form would give such a token. */
export const SANDBOX_CARDS = [
  { token: "tok_visa", label: "Test card that works", last4: "4242" },
  { token: "tok_declined", label: "Test card that is declined", last4: "0002" },
  { token: "tok_slow", label: "Test card that needs a few seconds", last4: "3184" },
] as const;
