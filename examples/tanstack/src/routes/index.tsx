import { createFileRoute } from "@tanstack/react-router";
import { addNote, login, logout, visit } from "../visit.ts";

export const Route = createFileRoute("/")({ loader: () => visit(), component: Home });

function Home() {
  const { flash, user, notes, visits } = Route.useLoaderData();
  return (
    <>
      {flash && <p role="status">{flash}</p>}
      <h1>
        Hello {user}, visits: {visits}
      </h1>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <form method="post" action={login.url}>
        <input name="user" aria-label="User" required />
        <button type="submit">Log in</button>
      </form>
      <form method="post" action={addNote.url}>
        <input name="note" aria-label="Note" required />
        <button type="submit">Add</button>
      </form>
      <form method="post" action={logout.url}>
        <button type="submit">Log out</button>
      </form>
    </>
  );
}
