/** A server function that fails, and one with a cookie of its own. */

import { createFileRoute, Link, redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { setCookie } from "@tanstack/react-start/server";
import { rename } from "../rename.ts";

const broken = createServerFn({ method: "POST" }).handler(({ context: { session } }) => {
  session.user = "Broken";
  throw new Error("broken");
});

const both = createServerFn({ method: "POST" }).handler(({ context: { session } }) => {
  setCookie("theme", "dark", { path: "/" });
  session.visits = 1;
  throw redirect({ href: "/", statusCode: 303 });
});

export const Route = createFileRoute("/more")({
  component: () => (
    <>
      <form action={broken.url} />
      <form action={both.url} />
      <form action={rename.url} />
      <Link to="/">home</Link>
    </>
  ),
});
