/** examples/servers/trpc.ts and the real client: a batch sets one cookie; a stream sends its head first. */

import { deepEqual, rejects } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createTRPCUntypedClient, httpBatchLink, httpBatchStreamLink } from "@trpc/client";
import { Jar } from "../../helpers/clients.ts";
import { project, ROOT, start } from "./project.ts";

const example = readFileSync(join(ROOT, "examples/servers/trpc.ts"), "utf8");
// Its login takes until the head has gone, as a login with a database may.
const slow = example
  .replace("({ session: req.session })", "({ session: req.session, res })")
  .replace("({ req })", "({ req, res })")
  .replace("<{ session: Session }>", "<{ session: Session; res: { headersSent: boolean } }>")
  .replace(
    "({ ctx }) => login",
    "async ({ ctx }) => { while (!ctx.res.headersSent) await new Promise(setImmediate); return login",
  )
  .replace('"Tom")),', '"Tom") }),');
const folder = project({ "slow.ts": slow });

/** The results of a login and a note in one request, and then the visitor's name. */
async function batch(link: typeof httpBatchLink, url: string) {
  const jar = new Jar();
  const set: number[] = [];
  const client = createTRPCUntypedClient({
    links: [
      link({
        url,
        headers: () => jar.headers,
        async fetch(input, init) {
          const response = await fetch(input as string, init as RequestInit);
          const setCookie = response.headers.getSetCookie();
          set.push(setCookie.length);
          jar.keep({ setCookie });
          return response;
        },
      }),
    ],
  });
  const said = await Promise.all([client.mutation("login"), client.mutation("note", "clay")]);
  return { said, set, me: await client.query("me") };
}

test("httpBatchLink: one cookie for all calls", async (t) => {
  const { said, set, me } = await batch(httpBatchLink, await start(t, folder, "trpc.ts"));
  deepEqual(said, ["Tom", ["clay"]]);
  deepEqual(set, [1, 0]);
  deepEqual(me, { user: "Tom", notes: ["clay"] });
});

test("httpBatchStreamLink: a login after the head fails, and the client gets the reason", async (t) => {
  const url = await start(t, folder, "slow.ts");
  await rejects(batch(httpBatchStreamLink as typeof httpBatchLink, url), {
    message: "the session changed, but no response carried the change",
  });
});
