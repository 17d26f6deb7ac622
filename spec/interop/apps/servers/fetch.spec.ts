/** tRPC, GraphQL Yoga and Elysia in `wrap`, called as Fetch handlers without a server. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { type Session, sessions } from "bulla/session";
import { Elysia } from "elysia";
import { createSchema, createYoga } from "graphql-yoga";

interface Data {
  user?: string;
}

const visitors = sessions<Data>({ secret: "32 bytes or more that only tests have" });
const json = (path: string, body: unknown): Request =>
  new Request(`https://example.org${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** The user in the one cookie that a Response sets. */
function userOf(response: Response): string | undefined {
  const set = response.headers.getSetCookie();
  deepEqual([response.status, set.length], [200, 1]);
  return visitors.read(set[0]).user;
}

test("tRPC", async () => {
  const { procedure, router: routerOf } = initTRPC.context<{ session: Session<Data> }>().create();
  const router = routerOf({
    login: procedure.mutation(({ ctx }) => {
      ctx.session.user = "Tom";
    }),
  });
  const fetch = visitors.wrap((request, session) =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req: request,
      router,
      createContext: () => ({ session }),
    }),
  );
  equal(userOf(await fetch(json("/trpc/login", null))), "Tom");
});

test("GraphQL Yoga", async () => {
  const schema = createSchema<{ session: Session<Data> }>({
    typeDefs: "type Query { user: String } type Mutation { login: String! }",
    resolvers: {
      Mutation: {
        login: (_root, _args, { session }) => {
          session.user = "Tom";
          return session.user;
        },
      },
    },
  });
  const yoga = createYoga<{ session: Session<Data> }>({ schema });
  const fetch = visitors.wrap((request, session) => yoga.fetch(request, { session }));
  equal(userOf(await fetch(json("/graphql", { query: "mutation { login }" }))), "Tom");
});

test("Elysia, which answers 500 without `wrap`", async () => {
  const open = new WeakMap<Request, Session<Data>>();
  const app = new Elysia()
    .derive(({ request, status }) => {
      const session = open.get(request);
      return session === undefined ? status(500) : { session };
    })
    .post("/login", ({ session }) => {
      session.user = "Tom";
      return session.user;
    });
  const fetch = visitors.wrap((request, session) => {
    open.set(request, session);
    return app.handle(request);
  });
  equal(userOf(await fetch(json("/login", {}))), "Tom");
  equal((await app.handle(json("/login", {}))).status, 500);
});
