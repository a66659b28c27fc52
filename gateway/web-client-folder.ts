/** Where the built web client lies, for the processes that serve it. */
import { fileURLToPath } from "node:url";

export const WEB_CLIENT_SOURCE = fileURLToPath(new URL("../web-client/", import.meta.url));
/** The manifest of its operations. */
export const WEB_CLIENT_MANIFEST = fileURLToPath(
  new URL("../schema/generated/operations.manifest.json", import.meta.url),
);
export const WEB_CLIENT_FOLDER = fileURLToPath(new URL("../web-client/dist/", import.meta.url));
