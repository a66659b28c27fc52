import { createBrowserRouter } from "react-router";
import { AcceptInvitationPage } from "../pages/accept-invitation-page.tsx";
import { ConfirmEmailChangePage } from "../pages/confirm-email-change-page.tsx";
import { DashboardPage } from "../pages/dashboard-page.tsx";
import { ErrorPage } from "../pages/error-page.tsx";
import { ForgotPasswordPage } from "../pages/forgot-password-page.tsx";
import { HomePage } from "../pages/home-page.tsx";
import { LiveConnectionsPage } from "../pages/live-connections-page.tsx";
import { MembersPage } from "../pages/members-page.tsx";
import { NewOrganizationPage } from "../pages/new-organization-page.tsx";
import { NotFoundPage } from "../pages/not-found-page.tsx";
import { OrganizationSignInPage } from "../pages/organization-sign-in-page.tsx";
import { PlansPage } from "../pages/plans-page.tsx";
import { ProviderCallbackPage } from "../pages/provider-callback-page.tsx";
import { ResetPasswordPage } from "../pages/reset-password-page.tsx";
import { SignInPage } from "../pages/sign-in-page.tsx";
import { SignUpPage } from "../pages/sign-up-page.tsx";
import { UnsubscribePage } from "../pages/unsubscribe-page.tsx";
import { VerifyPage } from "../pages/verify-page.tsx";
import { OrganizationLayout } from "./organization-layout.tsx";
import { RequireSession } from "./require-session.tsx";
import { RootLayout } from "./root-layout.tsx";

export function createRoutes() {
  return createBrowserRouter([
    {
      path: "/",
      element: <RootLayout />,
      errorElement: <ErrorPage />,
      children: [
        { index: true, element: <HomePage /> },
        { path: "sign-up", element: <SignUpPage /> },
        { path: "sign-in", element: <SignInPage /> },
        { path: "sign-in/organisation", element: <OrganizationSignInPage /> },
        { path: "sign-in/provider", element: <ProviderCallbackPage /> },
        { path: "forgot-password", element: <ForgotPasswordPage /> },
        { path: "reset-password", element: <ResetPasswordPage /> },
        { path: "confirm-email-change", element: <ConfirmEmailChangePage /> },
        { path: "unsubscribe", element: <UnsubscribePage /> },
        // The address that mail programs call (RFC 8058); some open it for their reader instead.
        { path: "webhooks/user/unsubscribe", element: <UnsubscribePage /> },
        { path: "verify", element: <VerifyPage /> },
        { path: "invite", element: <AcceptInvitationPage /> },
        {
          element: <RequireSession />,
          children: [
            { path: "connections", element: <LiveConnectionsPage /> },
            { path: "organizations/new", element: <NewOrganizationPage /> },
            {
              path: "o/:organizationId",
              element: <OrganizationLayout />,
              children: [
                { index: true, element: <DashboardPage /> },
                { path: "plans", element: <PlansPage /> },
                { path: "members", element: <MembersPage /> },
              ],
            },
          ],
        },
        { path: "*", element: <NotFoundPage /> },
      ],
    },
  ]);
}
