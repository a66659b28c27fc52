// How hard the fault tests press. The defaults fit into every test run; the environment asks for a whole case of faults, or for a
// schedule that failed before.

/** How long Kafka refuses connections, in milliseconds: `FAULT_OUTAGE_MS`, at least 10 s. */
export const OUTAGE_MS = Math.max(10_000, setting("FAULT_OUTAGE_MS") ?? 10_000);

/** Events among which a second consumer comes and goes: `FAULT_CHURN_EVENTS`, in steps of twenty. */
export const CHURN_EVENTS = Math.ceil((setting("FAULT_CHURN_EVENTS") ?? 1_000) / 20) * 20;

/** `FAULT_SEED` and `FAULT_PATH`, as a failed property printed them; absent: new schedules. */
export const REPEATED_SCHEDULE: { readonly seed: number; readonly path: string } | undefined = (() => {
  const seed = setting("FAULT_SEED");
  return seed === undefined ? undefined : { seed, path: process.env["FAULT_PATH"] ?? "" };
})();

/** `FAULT_SHRINK=1` looks for a shorter schedule that fails, which may take minutes. */
export const SHRINK_SCHEDULES = process.env["FAULT_SHRINK"] !== undefined;

function setting(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error(`${name} must be a number, not "${text}"`);
  return value;
}
