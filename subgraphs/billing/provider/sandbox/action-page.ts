/** Where the payer of a test card confirms a charge, in place of the bank's own page (3-D Secure). */
import type { Intent, IntentStatus } from "./sandbox-ledger.ts";

/** Shows no text of anybody's: nothing in it has to be escaped. */
export function actionPage({ amount, currency }: Pick<Intent, "amount" | "currency">, status: IntentStatus): string {
  const what = `${amount} minor units of ${currency.toUpperCase().replace(/[^A-Z]/g, "")}`;
  const form = `<form method="post">
      <button name="decision" value="confirmed">Confirm the payment</button>
      <button name="decision" value="declined">Decline it</button>
    </form>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Confirm a test payment</title>
    <style>body { font: 1rem/1.5 system-ui, sans-serif; margin: 10vh auto; max-width: 30rem; padding: 0 1rem }</style>
  </head>
  <body>
    <h1>Your bank asks</h1>
    <p>This is the sandbox: no money exists. A payment of ${what} waits for you.</p>
    ${status === "requires_action" ? form : "<p>It was decided already. You may close this page.</p>"}
  </body>
</html>
`;
}
