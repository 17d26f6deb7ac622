import { cookies } from "next/headers";
import { visitors } from "../../../session";

/** A page that edits, which the documentation forbids. */
export default async function Page({ searchParams }: PageProps<"/probe/page-edit">) {
  const { change } = await searchParams;
  const user = await visitors.edit(await cookies(), (session) => {
    if (change !== undefined) session.notes = ["of a page"];
    return session.user;
  });
  return <p>{`edited for ${user}.`}</p>;
}
