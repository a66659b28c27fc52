// Runs in every test file (Vitest setupFiles): whatever a test started and did not stop ends with its file, and random
// properties play again what the environment asks for.
import { afterAll } from "vitest";
import { stopProcesses } from "./process.ts";
import { REPEATED_RUN } from "./random-of-test.ts";

if (REPEATED_RUN !== undefined) (await import("fast-check")).configureGlobal(REPEATED_RUN);

afterAll(stopProcesses);
