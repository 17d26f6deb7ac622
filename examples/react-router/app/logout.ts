import { redirect } from "react-router";
import type { Route } from "./+types/logout";
import { sessionContext } from "./session";

export async function action({ context }: Route.ActionArgs) {
  await context.get(sessionContext).destroy();
  return redirect("/");
}
