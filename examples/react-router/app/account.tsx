import { Form, redirect } from "react-router";
import type { Route } from "./+types/account";
import { sessionContext } from "./session";

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  const { user, notes = [], flash } = session;
  if (user === undefined) throw redirect("/");
  delete session.flash;
  return { user, notes, flash };
}

export async function action({ request, context }: Route.ActionArgs) {
  const form = await request.formData();
  const session = context.get(sessionContext);
  if (session.user === undefined) throw redirect("/");
  session.notes ??= [];
  session.notes.push(String(form.get("note")));
  return null;
}

export default function Account({ loaderData: { user, notes, flash } }: Route.ComponentProps) {
  return (
    <main>
      <output>{flash}</output>
      <h1>{`Notes of ${user}`}</h1>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <Form method="post">
        <input name="note" aria-label="note" required />
        <button type="submit">Add</button>
      </Form>
      <Form method="post" action="/logout">
        <button type="submit">Log out</button>
      </Form>
    </main>
  );
}
