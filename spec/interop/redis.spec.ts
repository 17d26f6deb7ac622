/** redisRevocation with the real `redis` and `ioredis` on a real server: its entries, and that it fails closed. */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type RedisClient,
  redisRevocation,
  type Session,
  SessionError,
  sessions,
} from "bulla/session";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { Jar } from "./helpers/clients.ts";
import { until } from "./helpers/processes.ts";
import { RedisServer } from "./helpers/redis.ts";

const SECRET = "a secret of some more than 32 bytes";
const HOUR = 3600;

interface Connected {
  client: RedisClient;
  ttl(key: string): Promise<number>;
  ready(): boolean;
  close(): void;
}

/** Configured as README.md says: a command that cannot be sent at once fails at once. */
const CLIENTS: Record<string, (url: string) => Promise<Connected>> = {
  async redis(url) {
    const client = createClient({ url, disableOfflineQueue: true });
    client.on("error", () => undefined);
    await client.connect();
    return {
      client,
      ttl: async (key) => Number(await client.ttl(key)),
      ready: () => client.isReady,
      close: () => client.destroy(),
    };
  },
  async ioredis(url) {
    const client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      lazyConnect: true,
    });
    client.on("error", () => undefined);
    await client.connect();
    return {
      client,
      ttl: (key) => client.ttl(key),
      ready: () => client.status === "ready",
      close: () => client.disconnect(),
    };
  },
};

const isFailure = (error: unknown): boolean =>
  error instanceof SessionError && error.code === "ERR_SESSION_REVOCATION" && error.status === 503;

for (const [name, connect] of Object.entries(CLIENTS)) {
  describe(name, () => {
    let server: RedisServer;
    let one: Connected;

    before(async () => {
      server = await RedisServer.start();
      one = await connect(server.url);
    });
    after(async () => {
      one?.close();
      await server?.remove();
    });

    test("an id is revoked until a minute after its time, and no other id is", async () => {
      const list = redisRevocation(one.client);
      equal(await list.isRevoked("an-id"), false);
      await list.revoke("an-id", Math.floor(Date.now() / 1000) + HOUR);
      equal(await list.isRevoked("an-id"), true);
      equal(await list.isRevoked("another"), false);
      const left = await one.ttl("bulla:revoked:an-id");
      ok(left > HOUR + 50 && left <= HOUR + 60, String(left));
    });

    test("a logout in one process counts in the other", async () => {
      const other = await connect(server.url);
      const process = (from: Connected) =>
        sessions<{ user?: string }>({ secret: SECRET, revocation: redisRevocation(from.client) });
      const answer = async (
        from: Connected,
        jar: Jar,
        act: (session: Session<{ user?: string }>) => unknown,
      ) => {
        const respond = process(from).wrap(async (_request, session) => {
          await act(session);
          return new Response(session.user ?? "stranger");
        });
        const response = await respond(new Request("https://a.example/", { headers: jar.headers }));
        jar.keep({ setCookie: response.headers.getSetCookie() });
        return response.text();
      };
      try {
        const jar = new Jar();
        equal(await answer(one, jar, (session) => Object.assign(session, { user: "tom" })), "tom");
        const copy = jar.headers;
        equal((await process(other).load({ headers: copy })).user, "tom");
        await answer(one, jar, (session) => session.destroy());
        deepEqual(jar.headers, {});
        equal((await process(other).load({ headers: copy })).user, undefined);
      } finally {
        other.close();
      }
    });

    test("a server that hangs or is down fails the request", async () => {
      const list = redisRevocation(one.client, { timeout: 0.2 });
      server.pause();
      await rejects(list.isRevoked("an-id"), isFailure);
      server.resume();
      await until(() => list.isRevoked("an-id").catch(() => false));
      await server.kill();
      await rejects(list.isRevoked("an-id"), isFailure);
      await rejects(list.revoke("later", Math.floor(Date.now() / 1000) + HOUR), isFailure);
      await server.start();
      await until(() => one.ready());
      equal(await list.isRevoked("an-id"), true, "it has forgotten who logged out");
      equal(await list.isRevoked("later"), false);
    });
  });
}
