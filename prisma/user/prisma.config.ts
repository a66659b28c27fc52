/** For Prisma's own command line: `npx prisma migrate deploy --config prisma/user/prisma.config.ts`. */
import { defineConfig } from "prisma/config";

export default defineConfig({
  schema: "schema.prisma",
  migrations: { path: "migrations" },
  // biome-ignore lint/style/noProcessEnv: read by the command line before any code of ours runs
  datasource: { url: process.env["USER_DATABASE_OWNER_URL"] ?? "" },
});
