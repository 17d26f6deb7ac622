import type { ReactNode } from "react";
import { Links, Meta, Outlet, Scripts, ScrollRestoration } from "react-router";
import type { Route } from "./+types/root";
import { sessionContext, visitors } from "./session";

/** Runs around every loader and action, and sends their changes to the session with the response. */
export const middleware: Route.MiddlewareFunction[] = [
  ({ request, context }, next) =>
    visitors.wrap((_request, session) => {
      context.set(sessionContext, session);
      return next();
    })(request),
];

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <link rel="icon" href="data:," />
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}
