import { memoryRevocation, sessions } from "bulla/session";
import { data, Form, redirect } from "react-router";
import type { Route } from "./+types/legacy";
import { sessionStorage } from "./session-storage";

interface Account {
  user: string;
  id: number;
}
interface Flash {
  flash: string;
}

const visitors = sessions({
  secret: () => process.env.SESSION_SECRET ?? "",
  cookie: { name: "__Host-legacy" },
  longestAge: 30 * 24 * 3600,
  revocation: memoryRevocation(),
});
const { getSession, commitSession, destroySession } = sessionStorage<Account, Flash>(visitors);

export async function loader({ request }: Route.LoaderArgs) {
  const session = await getSession(request.headers.get("Cookie"));
  const { id: sessionId } = session;
  const [user, id, flash] = [session.get("user"), session.get("id"), session.get("flash")];
  const headers: HeadersInit = flash ? { "Set-Cookie": await commitSession(session) } : {};
  return data({ text: `${user}, ${id}, ${flash}; ${sessionId}.` }, { headers });
}

export async function action({ request }: Route.ActionArgs) {
  const form = await request.formData();
  const header = request.headers.get("Cookie");
  const anew = form.get("do") === "login";
  const session = await (anew ? getSession() : getSession(header));
  // @ts-expect-error: only what is declared
  session.get("role");
  // @ts-expect-error: an id is a number
  session.set("id", "1");
  const options = form.get("do") === "remember" ? { maxAge: 30 * 24 * 3600 } : {};
  if (form.get("do") === "logout") {
    return redirect("/legacy", { headers: { "Set-Cookie": await destroySession(session) } });
  }
  session.set("user", form.get("do") === "big" ? "x".repeat(5000) : "tom");
  session.set("id", 1);
  session.flash("flash", "Welcome.");
  return redirect("/legacy", { headers: { "Set-Cookie": await commitSession(session, options) } });
}

export default function Legacy({ loaderData: { text } }: Route.ComponentProps) {
  return (
    <main>
      <p>{text}</p>
      {["login", "remember", "logout", "big"].map((name) => (
        <Form key={name} method="post">
          <input type="hidden" name="do" value={name} />
          <button type="submit">{name}</button>
        </Form>
      ))}
    </main>
  );
}
