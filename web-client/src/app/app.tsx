import { ApolloProvider } from "@apollo/client/react";
import { useState } from "react";
import { RouterProvider } from "react-router/dom";
import { createRoutes } from "./routes.tsx";
import type { Services } from "./services.ts";
import { ServicesContext } from "./services-context.ts";

export function App({ services }: { readonly services: Services }) {
  const [router] = useState(createRoutes);
  return (
    <ServicesContext value={services}>
      <ApolloProvider client={services.apollo}>
        <RouterProvider router={router} />
      </ApolloProvider>
    </ServicesContext>
  );
}
