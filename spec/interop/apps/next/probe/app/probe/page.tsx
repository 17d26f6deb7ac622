import { cookies } from "next/headers";
import { visitors } from "../../session";
import * as actions from "./actions";

export default async function Page() {
  const { user = "nobody", notes = [] } = await visitors.load(await cookies());
  return (
    <main>
      <p>{`seen: ${user}, ${notes.join(" ")}.`}</p>
      {Object.entries(actions).map(([name, action]) => (
        <form key={name} action={action}>
          <button type="submit">{name}</button>
        </form>
      ))}
    </main>
  );
}
