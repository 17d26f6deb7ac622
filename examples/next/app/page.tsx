import { cookies } from "next/headers";
import Link from "next/link";
import { visitors } from "../session";
import { login } from "./actions";

export default async function Page() {
  const { user = "stranger", visits } = await visitors.load(await cookies());
  return (
    <main>
      <h1>
        Hello {user}, visits: {visits}
      </h1>
      <form action={login}>
        <input name="user" aria-label="user" required />
        <button type="submit">Log in</button>
      </form>
      <Link href="/account">Your account</Link>
    </main>
  );
}
