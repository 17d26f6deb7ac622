/** examples/servers/fastify-session.ts: `request.session` can be read, assigned or left alone, anywhere in an application. */

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { memoryRevocation, type Session, type SessionOptions, sessions } from "bulla/session";
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import { project } from "./project.ts";

interface Data {
  user?: string;
  visits?: number;
}
type Request = { session: Session<Data> | Data | null };

const path = join(project(), "fastify-session.ts");
const { session } = (await import(pathToFileURL(path).href)) as {
  session: FastifyPluginAsync<SessionOptions>;
};

const OPTIONS = { secret: "32 bytes or more that only tests have" };
const visitors = sessions<Data>(OPTIONS);
const cookie = visitors.issue({ user: "Tom" }).setCookie;

/** The fields that the handler's answer sets, for a request with Tom's cookie. */
async function answer(
  handler: (request: Request) => unknown,
  options: SessionOptions = OPTIONS,
  add: (app: FastifyInstance) => unknown = () => {},
) {
  const app = Fastify();
  add(app);
  app.register(session, options);
  app.get("/", async (request) => handler(request as unknown as Request) ?? "done");
  const { statusCode, headers, body } = await app.inject({ url: "/", headers: { cookie } });
  await app.close();
  return { status: statusCode, headers, body, set: [headers["set-cookie"] ?? []].flat() };
}

test("request.session is the session of the cookie, and opens when it is touched", async () => {
  const untouched = await answer(() => "none");
  deepEqual([untouched.set, untouched.headers.vary], [[], undefined]);
  const read = await answer(({ session }) => (session as Data).user);
  deepEqual([read.body, read.set, read.headers.vary], ["Tom", [], "Cookie"]);
});

test("a change sets one cookie, whatever the handler returns", async () => {
  for (const give of [() => "text", () => ({ a: 1 }), () => Readable.from(["stream"])]) {
    const { status, set } = await answer(({ session }) => {
      (session as Data).visits = 1;
      return give();
    });
    deepEqual([status, set.length], [200, 1]);
    deepEqual({ ...visitors.read(set[0]) }, { user: "Tom", visits: 1 });
  }
});

test("an object replaces the data, and null destroys the session", async () => {
  const replaced = await answer((request) => {
    request.session = { visits: 7 };
  });
  deepEqual({ ...visitors.read(replaced.set[0]) }, { visits: 7 });
  const destroyed = await answer((request) => {
    request.session = null;
  });
  match(String(destroyed.set), /^__Host-session=; Max-Age=0;/);
});

test("null is refused where there is a revocation list, since nobody could wait for it", async () => {
  const { status, set, body } = await answer(
    (request) => {
      request.session = null;
    },
    { ...OPTIONS, revocation: memoryRevocation() },
  );
  deepEqual([status, set], [500, []]);
  match(body, /await destroy\(\)/);
});

test("hooks before the plugin find undefined, hooks and plugins after it find the session", async () => {
  const seen: unknown[] = [];
  const { status, body } = await answer(
    ({ session }) => (session as Data).user,
    OPTIONS,
    (app) => {
      app.addHook("onRequest", async (request) => {
        seen.push((request as unknown as Request).session);
      });
      app.addHook("onSend", async (request) => {
        seen.push(((request as unknown as Request).session as Data).user);
      });
    },
  );
  deepEqual([status, body, seen], [200, "Tom", [undefined, "Tom"]]);

  const app = Fastify();
  app.register(session, OPTIONS);
  app.register(
    async (inner) => {
      inner.get("/me", async (request) => ((request as unknown as Request).session as Data).user);
    },
    { prefix: "/inner" },
  );
  const { body: within } = await app.inject({ url: "/inner/me", headers: { cookie } });
  equal(within, "Tom");
  await app.close();
});
