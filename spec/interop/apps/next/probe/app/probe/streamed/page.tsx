import { setTimeout as wait } from "node:timers/promises";
import { cookies } from "next/headers";
import { Suspense } from "react";
import { visitors } from "../../../session";

/** Rendered long after the head has gone. */
async function Late({ change }: { change: boolean }) {
  const store = await cookies();
  await wait(200);
  if (change) {
    try {
      await visitors.edit(store, (session) => {
        session.notes = ["late"];
      });
    } catch (error) {
      return <p>{`refused: ${error instanceof Error ? error.message : ""}.`}</p>;
    }
  }
  const { user } = await visitors.load(store);
  return <p>{`late for ${user}.`}</p>;
}

export default async function Page({ searchParams }: PageProps<"/probe/streamed">) {
  const { change } = await searchParams;
  return (
    <main>
      <p>shell</p>
      <Suspense fallback={<p>wait</p>}>
        <Late change={change !== undefined} />
      </Suspense>
    </main>
  );
}
