/**
 * kafkajs 2.2.4 sometimes asks for a timer in the past; Node 24 warns about each one and uses 1 ms, which is harmless
 * (kafkajs #1751). The warning is dropped, every other one passes. Delete together with kafkajs.
 */
let installed = false;

export function dropNegativeTimerWarnings(): void {
  if (installed) return;
  installed = true;
  const emitWarning = process.emitWarning.bind(process);
  const filtered: typeof process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    const [first] = rest;
    const named = typeof first === "object" && first !== null && "type" in first ? first.type : first;
    const name = warning instanceof Error ? warning.name : named;
    if (name !== "TimeoutNegativeWarning") Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  process.emitWarning = filtered;
}
