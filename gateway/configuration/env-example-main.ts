/** `npm run env:example`: writes `.env.example`. A test fails while the committed file differs from the settings. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { listSubgraphs } from "../../subgraphs/list.ts";
import { renderEnvExample, settingGroups } from "./env-example.ts";

const file = fileURLToPath(new URL("../../.env.example", import.meta.url));
await writeFile(file, renderEnvExample(settingGroups(await listSubgraphs())));
