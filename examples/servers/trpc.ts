/** tRPC: the server takes the middleware, and the context takes the session. */

import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { type Session, SessionError, sessions } from "bulla/session";
import { greet, login, logout, note, options, port } from "./actions.ts";

const { procedure, router } = initTRPC.context<{ session: Session }>().create();

const visits = router({
  greet: procedure.query(({ ctx }) => greet(ctx.session)),
  me: procedure.query(({ ctx: { session } }) => ({ user: session.user, notes: session.notes })),
  login: procedure.mutation(({ ctx }) => login(ctx.session, "Tom")),
  note: procedure
    .input((text: unknown) => String(text))
    .mutation(({ ctx, input }) => note(ctx.session, input)),
  logout: procedure.mutation(({ ctx }) => logout(ctx.session)),
});
export type Visits = typeof visits;

const server = createHTTPServer({
  router: visits,
  middleware: sessions(options).middleware,
  createContext: ({ req }) => ({ session: req.session }),
  // tRPC answers every foreign error with 500; a revocation list that cannot be asked or told is a 503.
  responseMeta: ({ errors }) =>
    errors.some(({ cause }) => cause instanceof SessionError) ? { status: 503 } : {},
});
server.listen(port, () => console.log(`http://localhost:${port}`));
