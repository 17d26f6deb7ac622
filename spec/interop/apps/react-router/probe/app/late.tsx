import { setTimeout as wait } from "node:timers/promises";
import { Suspense } from "react";
import { Await } from "react-router";
import type { Route } from "./+types/late";
import { sessionContext } from "./session";

/** Its promise settles long after the head has gone. */
export function loader({ request, context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  const change = new URL(request.url).searchParams.has("change");
  const late = wait(200).then(() => {
    if (change) session.notes = ["late"];
    try {
      session.save();
      return `saved for ${session.user}.`;
    } catch (error) {
      return String(error);
    }
  });
  return { late };
}

export default function Late({ loaderData: { late } }: Route.ComponentProps) {
  return (
    <main>
      <p>shell</p>
      <Suspense fallback={<p>wait</p>}>
        <Await resolve={late}>{(text) => <p>{text}</p>}</Await>
      </Suspense>
    </main>
  );
}
