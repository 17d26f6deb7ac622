/** A loader that does not wait for the promise that changes the session. */

import { Await, createFileRoute } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { Suspense } from "react";
import { gate } from "../gate.server.ts";

const late = createServerFn().handler(async ({ context: { session } }) => {
  await gate.promise;
  session.user = "Late";
  try {
    session.save();
    return "saved";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
});

export const Route = createFileRoute("/late")({
  loader: () => ({ late: late() }),
  component: () => (
    <Suspense fallback="wait">
      <Await promise={Route.useLoaderData().late}>{(said) => <p>{said}</p>}</Await>
    </Suspense>
  ),
});
