import { Form, Link, redirect } from "react-router";
import type { Route } from "./+types/home";
import { sessionContext } from "./session";

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  session.visits = (session.visits ?? 0) + 1;
  const { user = "stranger", visits } = session;
  return { user, visits };
}

export async function action({ request, context }: Route.ActionArgs) {
  const form = await request.formData();
  const session = context.get(sessionContext);
  await session.regenerate(); // a new id, and no data
  session.user = String(form.get("user")); // check a password first
  session.flash = "Welcome.";
  return redirect("/account");
}

export default function Home({ loaderData: { user, visits } }: Route.ComponentProps) {
  return (
    <main>
      <h1>{`Hello ${user}, visits: ${visits}`}</h1>
      <Form method="post">
        <input name="user" aria-label="user" required />
        <button type="submit">Log in</button>
      </Form>
      <Link to="/account">Your account</Link>
    </main>
  );
}
