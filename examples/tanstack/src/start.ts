/** One session a request, for every server function and server route: `context.session`. */

import { createCsrfMiddleware, createMiddleware, createStart } from "@tanstack/react-start";
import { type VisitSession, visitors } from "./session.server.ts";

const csrf = createCsrfMiddleware({ filter: ({ handlerType }) => handlerType === "serverFn" });

const session = createMiddleware().server<{ session: VisitSession }>(({ request, next }) =>
  visitors.wrap(async (_request, session) => {
    const { response } = await next({ context: { session } });
    return response;
  })(request),
);

export const startInstance = createStart(() => ({ requestMiddleware: [csrf, session] }));
