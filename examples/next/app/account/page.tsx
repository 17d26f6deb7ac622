import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { visitors } from "../../session";
import { addNote, logout } from "../actions";
import { Flash } from "./flash";

export default async function Account() {
  const { user, notes = [], flash = "" } = await visitors.load(await cookies());
  if (user === undefined) redirect("/");
  return (
    <main>
      <Flash text={flash} />
      <h1>Notes of {user}</h1>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <form action={addNote}>
        <input name="note" aria-label="note" required />
        <button type="submit">Add</button>
      </form>
      <form action={logout}>
        <button type="submit">Log out</button>
      </form>
    </main>
  );
}
