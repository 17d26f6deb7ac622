import { cookies } from "next/headers";
import { connection } from "next/server";
import { visitors } from "../../session";

/** The page waits for the session, with no shell before it. */
export const instant = false;

export default async function Page() {
  await connection();
  const { user = "nobody", visits = 0 } = await visitors.load(await cookies());
  return <p>{`${user}, visits: ${visits}.`}</p>;
}
