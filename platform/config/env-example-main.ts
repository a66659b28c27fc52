/** `npm run env:example`: writes `.env.example`. A test fails while the committed file differs from the settings. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { renderEnvExample } from "./env-example.ts";

await writeFile(fileURLToPath(new URL("../../.env.example", import.meta.url)), renderEnvExample());
