import { Form, redirect } from "react-router";
import type { Route } from "./+types/probe";
import { sessionContext } from "./session";

export function loader({ context }: Route.LoaderArgs) {
  const { user = "nobody", notes = [] } = context.get(sessionContext);
  return `seen: ${user}, ${notes.join(" ")}.`;
}

/** A helper that finds the session in the same way as its caller. */
function remember(context: Route.ActionArgs["context"], note: string): void {
  const session = context.get(sessionContext);
  session.notes = [...(session.notes ?? []), note];
}

const ACTIONS = ["nested", "reading", "oversized", "failing", "throwing", "logout"];

export async function action({ request, context }: Route.ActionArgs) {
  const form = await request.formData();
  const session = context.get(sessionContext);
  switch (form.get("do")) {
    case "nested":
      session.notes = ["outer"];
      remember(context, "inner");
      session.notes.push("last");
      return null;
    case "oversized":
      session.notes = ["x".repeat(5000)];
      return null;
    case "failing":
      session.notes = ["before the error"];
      throw new Error("the action failed");
    case "throwing":
      session.notes = ["before the redirect"];
      throw redirect("/probe");
    case "logout":
      await session.destroy();
      throw new Error("the action failed after the logout");
    default:
      return null;
  }
}

export default function Probe({ loaderData }: Route.ComponentProps) {
  return (
    <main>
      <p>{loaderData}</p>
      {ACTIONS.map((name) => (
        <Form key={name} method="post">
          <input type="hidden" name="do" value={name} />
          <button type="submit">{name}</button>
        </Form>
      ))}
    </main>
  );
}
