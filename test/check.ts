/**
 * `npm run check`: all gates run, side by side, and all failures are shown: whoever mends one should not have to start
 * again to learn of the next.
 */
import { gates, runGate } from "./gates.ts";

const verdicts = await Promise.all(gates.map((gate) => runGate(gate, process.cwd())));
for (const { gate, output } of verdicts.filter(({ passed }) => !passed)) {
  console.log(`\n━━ ${gate.name}: ${gate.command.join(" ")}\n${output.trimEnd()}`);
}
console.log("");
for (const { gate, passed, seconds } of verdicts) {
  console.log(`${passed ? "pass" : "FAIL"}  ${gate.name} (${seconds.toFixed(1)} s)`);
}
process.exitCode = verdicts.every(({ passed }) => passed) ? 0 : 1;
