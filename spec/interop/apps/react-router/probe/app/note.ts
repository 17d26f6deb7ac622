import type { Route } from "./+types/note";
import { sessionContext } from "./session";

/** A route without a page. */
export function loader({ params, context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  // @ts-expect-error: a note is a string
  session.notes = [1];
  // @ts-expect-error: only what Visit declares
  session.role = undefined;
  session.notes = [params.id];
  return Response.json(session);
}
