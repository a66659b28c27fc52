// The faults of a network that the fault proxy can inject.

/**
 * - `pass`: forwards.
 * - `refuse`: nobody listens (ECONNREFUSED); open connections are reset.
 * - `reset`: connections are accepted and reset at once (RST); open ones are reset.
 * - `black-hole`: connections are accepted and stay open, every byte and every FIN vanishes.
 * - `half-open`: the client's bytes reach the target, the target's answers and its FIN vanish.
 * - `delayMs`: every chunk arrives that much later, in order, in both directions.
 * - `bytesPerSecond`: the rate of each direction of each connection.
 */
export type FaultMode =
  | "pass"
  | "refuse"
  | "reset"
  | "black-hole"
  | "half-open"
  | { readonly delayMs: number }
  | { readonly bytesPerSecond: number };
