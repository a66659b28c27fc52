/** The demo people of an embedded installation: made where they are missing, then signed in like anybody. */
import { z } from "zod";
import type { DemoData } from "../../../platform/graphql/demo-data.ts";
import type { UserServices } from "../services.ts";
import { DEMO, seedDemo } from "./seed-demo.ts";

const SIGN_IN = `mutation ($email: EmailAddress!, $password: String!) {
  sessionCreate(input: { email: $email, password: $password, device: "Demo data" }) { tokens { accessToken } }
}`;
const signInSchema = z.object({
  sessionCreate: z.object({ tokens: z.object({ accessToken: z.string() }).nullable() }),
});

export const createDemo = (services: UserServices): DemoData => ({
  account: `${DEMO.email}, password ${DEMO.password}`,
  async prepare(api) {
    await seedDemo(services);
    const { sessionCreate } = await api.run(SIGN_IN, { email: DEMO.email, password: DEMO.password }, signInSchema);
    if (sessionCreate.tokens === null) throw new Error("the demo user cannot sign in");
    api.signIn(sessionCreate.tokens.accessToken);
  },
});
