import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { connection } from "next/server";
import { Suspense } from "react";
import { visitors } from "../../session";

async function act(): Promise<void> {
  "use server";
  await visitors.edit(await cookies(), (session) => {
    session.user = "tom";
    redirect("/shell");
  });
}

async function Visitor() {
  await connection();
  const { user = "nobody", visits = 0 } = await visitors.load(await cookies());
  return <p>{`${user}, visits: ${visits}.`}</p>;
}

/** The build makes the shell, each request makes the visitor's part. */
export default function Page() {
  return (
    <main>
      <h1>shell</h1>
      <Suspense fallback={<p>wait</p>}>
        <Visitor />
      </Suspense>
      <form action={act}>
        <button type="submit">Log in</button>
      </form>
    </main>
  );
}
