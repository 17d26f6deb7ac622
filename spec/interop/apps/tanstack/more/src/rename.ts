import { redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { edit } from "./stored.server.ts";

export const rename = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("user")))
  .handler(async ({ data }) => {
    await edit((session) => {
      session.user = data;
    });
    throw redirect({ href: "/store", statusCode: 303 });
  });
