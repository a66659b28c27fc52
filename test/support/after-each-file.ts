// Runs in every test file (Vitest setupFiles): whatever a test started and did not stop ends with its file.
import { afterAll } from "vitest";
import { stopProcesses } from "./process.ts";

afterAll(stopProcesses);
