/** Where the built web client lies, for the processes that serve it. */
import { fileURLToPath } from "node:url";

export const WEB_CLIENT_SOURCE = fileURLToPath(new URL("../web-client/", import.meta.url));
export const WEB_CLIENT_FOLDER = fileURLToPath(new URL("../web-client/dist/", import.meta.url));
