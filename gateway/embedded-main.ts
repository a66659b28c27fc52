/** `npm start`: the whole platform in one process. */
import { failStart } from "../platform/lifecycle/run-process.ts";

// Our own settings keep what a person has set; libraries (graphql above all) read the variable themselves, once, when
// they are loaded, and check themselves at every step unless it says production: a sixth of the server's work. Hence
// the import behind it.
const environment = { ...process.env };
process.env["NODE_ENV"] = "production";
const { runEmbedded } = await import("./embedded/run-embedded.ts");

runEmbedded(environment).catch((error: unknown) => failStart(error));
