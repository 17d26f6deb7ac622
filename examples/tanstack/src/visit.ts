/** Server functions: the browser has only their addresses. */

import { redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";

export const visit = createServerFn().handler(({ context: { session } }) => {
  const { flash, user = "stranger", notes = [] } = session;
  delete session.flash;
  session.visits = (session.visits ?? 0) + 1;
  return { flash, user, notes, visits: session.visits };
});

export const login = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("user")))
  .handler(async ({ context: { session }, data }) => {
    await session.regenerate(); // a new id and no data: cookies from before the login are useless
    session.user = data;
    session.flash = "Welcome.";
    throw redirect({ href: "/", statusCode: 303 });
  });

export const addNote = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("note")))
  .handler(({ context: { session }, data }) => {
    session.notes ??= [];
    session.notes.push(data); // saved like any other change
    throw redirect({ href: "/", statusCode: 303 });
  });

export const logout = createServerFn({ method: "POST" }).handler(
  async ({ context: { session } }) => {
    await session.destroy();
    throw redirect({ href: "/", statusCode: 303 });
  },
);
