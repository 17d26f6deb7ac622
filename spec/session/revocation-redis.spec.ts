/** redisRevocation, on clients as their READMEs describe them: what is stored, for how long, and failing closed. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type RedisClient, redisRevocation, SessionError } from "../../src/session.ts";
import { CLIENTS, Redis } from "../helpers/redis-clients.ts";
import { CLEARING, cookieOf, ENDS, FOURTEEN_DAYS, NOW } from "../helpers/session-cookies.ts";
import { request, service, sessionRefusal, visit } from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const DOWN = new Error("the server is down");
const NEVER = new Promise<never>(() => {});
const clock = (): number => NOW;

/** The error of a list that could not be asked or told. */
function isFailed(error: unknown, why: string | Error): true {
  assert.ok(error instanceof SessionError);
  const { name, message, cause } = error;
  assert.deepEqual({ ...error, name, message }, sessionRefusal("ERR_SESSION_REVOCATION"));
  if (typeof why === "string") assert.equal((cause as Error).message, why);
  else assert.equal(cause, why);
  return true;
}

for (const [what, Client] of Object.entries(CLIENTS)) {
  const make = (): { redis: Redis; client: RedisClient } => {
    const redis = new Redis();
    return { redis, client: new Client(redis) };
  };

  describe(`redisRevocation with ${what}: what is stored`, () => {
    test("one key for an id, which expires a minute after `until`; fractions are rounded up", async () => {
      const rows: readonly (readonly [now: number, until: number, expiry: number])[] = [
        [NOW, NOW + 100, 160],
        [NOW, NOW + 99.1, 160],
        [NOW + 0.9, NOW + 100, 160],
        [NOW, NOW + 1, 61],
        [NOW, NOW + 0.5, 61],
        [NOW, NOW + FOURTEEN_DAYS, FOURTEEN_DAYS + 60],
      ];
      for (const [now, until, expiry] of rows) {
        const { redis, client } = make();
        const list = redisRevocation(client, { clock: () => now });
        assert.equal(await list.revoke("an-id", until), undefined);
        assert.deepEqual([...redis.expires], [["bulla:revoked:an-id", NOW + expiry]]);
      }
    });

    test("it is revoked until then, and no other id is", async () => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock });
      await list.revoke("an-id", NOW + 100);
      assert.equal(await list.isRevoked("an-id"), true);
      assert.equal(await list.isRevoked("another"), false);
      redis.now = NOW + 159;
      assert.equal(await list.isRevoked("an-id"), true);
      redis.now = NOW + 160;
      assert.equal(await list.isRevoked("an-id"), false);
    });

    test("the server's clock is of no matter", async () => {
      const { redis, client } = make();
      redis.now = NOW + 1_000_000;
      const list = redisRevocation(client, { clock });
      await list.revoke("an-id", NOW + 1);
      assert.equal(await list.isRevoked("an-id"), true);
    });

    test("lists share a client by their prefix", async () => {
      const { redis, client } = make();
      const one = redisRevocation(client, { prefix: "one/", clock });
      const other = redisRevocation(client, { prefix: "other/", clock });
      await one.revoke("id", NOW + 5);
      assert.deepEqual([await one.isRevoked("id"), await other.isRevoked("id")], [true, false]);
      assert.deepEqual([...redis.expires.keys()], ["one/id"]);
    });

    test("by the machine's clock where no other is given", async () => {
      const { redis, client } = make();
      await redisRevocation(client).revoke("id", Math.floor(Date.now() / 1000) + 100);
      const [expires = 0] = redis.expires.values();
      assert.ok(expires - NOW > 157 && expires - NOW <= 160, String(expires - NOW));
    });
  });

  describe(`redisRevocation with ${what}: sessions with it`, () => {
    for (const end of ["destroy", "regenerate"] as const) {
      test(`${end}: stored until max(exp, now + maxAge), then a copied cookie is refused`, async () => {
        for (const [maxAge, until] of [
          [60, ENDS],
          [ENDS - NOW + 7, ENDS + 7],
        ] as const) {
          const { redis, client } = make();
          const made = service({ revocation: redisRevocation(client, { clock }), maxAge });
          assert.equal((await made.sessions.load(COOKIE)).user, "tom");
          await visit(made, COOKIE, (session) => session[end]());
          assert.deepEqual([...redis.expires], [["bulla:revoked:an-old-id", until + 60]]);
          const elsewhere = service({ revocation: redisRevocation(new Client(redis), { clock }) });
          const { session, setCookie } = await visit(elsewhere, COOKIE);
          assert.deepEqual([session.isNew, setCookie], [true, [CLEARING]]);
          assert.deepEqual(elsewhere.invalid, ["ERR_SESSION_REVOKED"]);
        }
      });
    }

    for (const how of ["refuses", "hangs"]) {
      test(`a server that ${how}: 503, never a session`, async () => {
        const { redis, client } = make();
        const heard: SessionError[] = [];
        const onError = (error: SessionError): unknown => heard.push(error);
        const revocation = redisRevocation(client, { clock, timeout: 0.02 });
        const made = service({ revocation, onError });
        const fail = (): void => {
          if (how === "refuses") redis.failure = DOWN;
          else redis.queue = NEVER;
        };
        const why = how === "refuses" ? DOWN : "no answer within 0.02 s";
        const logout = await visit(made, COOKIE, (session) => {
          fail();
          session.destroy();
        });
        assert.deepEqual([logout.response.status, logout.setCookie], [503, []]);
        let asked = 0;
        const wrapped = made.sessions.wrap(() => new Response(`${asked++}`));
        assert.equal((await wrapped(request(COOKIE))).status, 503);
        await assert.rejects(made.sessions.load(COOKIE), (error) => isFailed(error, why));
        assert.equal((await wrapped(request())).status, 200, "who brings no cookie asks nobody");
        assert.deepEqual([asked, heard.length], [1, 2]);
        for (const error of heard) isFailed(error, why);
      });
    }
  });

  describe(`redisRevocation with ${what}: failing`, () => {
    test("a second at most, where no other timeout is given", async (t) => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock });
      redis.queue = NEVER;
      t.mock.timers.enable({ apis: ["setTimeout"] });
      for (const call of [() => list.isRevoked("id"), () => list.revoke("id", NOW + 5)]) {
        let settled = false;
        const refused = assert
          .rejects(call(), (error) => isFailed(error, "no answer within 1 s"))
          .finally(() => {
            settled = true;
          });
        t.mock.timers.tick(999);
        await new Promise(setImmediate);
        assert.equal(settled, false);
        t.mock.timers.tick(1);
        await refused;
      }
      // Deno does it no sooner than all tests are through.
      t.mock.timers.reset();
    });

    test("an answer in time leaves no timer, and one that comes too late is no error", async () => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock, timeout: 0.01 });
      const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
      await list.isRevoked("id");
      const after = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
      assert.equal(after, before);
      redis.queue = new Promise((_, reject) => setTimeout(() => reject(DOWN), 20));
      await assert.rejects(list.isRevoked("id"));
      await new Promise((resolve) => setTimeout(resolve, 30));
    });

    test("a time that is over, or none", async () => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock });
      const over = "until must be later than the revocation list's clock";
      for (const [until, message] of [
        [NOW, over],
        [NOW - 5, over],
        [Number.NaN, "until must be a finite number of seconds"],
        [Infinity, "until must be a finite number of seconds"],
      ] as const) {
        await assert.rejects(list.revoke("id", until), {
          name: "ConfigError",
          code: "ERR_OPTION",
          message,
        });
      }
      assert.equal(redis.expires.size, 0);
    });
  });
}

test("whatever Redis says but 0 revokes", async () => {
  for (const [reply, revoked] of [
    [0, false],
    [0n, false],
    ["0", false],
    [1, true],
    [1n, true],
    [undefined, true],
    [null, true],
    ["", true],
  ] as const) {
    const client = { exists: async () => reply, setEx: async () => "OK" };
    assert.equal(await redisRevocation(client).isRevoked("id"), revoked, String(reply));
  }
});

test("a client that throws instead of rejecting", async () => {
  const fail = (): never => {
    throw DOWN;
  };
  const list = redisRevocation({ exists: fail, setEx: fail }, { clock });
  await assert.rejects(list.isRevoked("id"), (error) => isFailed(error, DOWN));
  await assert.rejects(list.revoke("id", NOW + 1), (error) => isFailed(error, DOWN));
});

test("misuse", () => {
  const call = async (): Promise<number> => 0;
  const good = { exists: call, setex: call };
  const clients = [undefined, null, 5, {}, { exists: call }, { setEx: call }, { setex: 5 }];
  for (const client of clients as RedisClient[]) {
    const message = "the client of redisRevocation must be one of the packages redis or ioredis";
    misuse(() => redisRevocation(client), "ERR_OPTION", message);
  }
  for (const timeout of [0, -1, 60.5, Infinity, Number.NaN, "1", null] as number[]) {
    const message = "timeout must be seconds above 0, 60 at most";
    misuse(() => redisRevocation(good, { timeout }), "ERR_OPTION", message);
  }
  redisRevocation(good, { timeout: 60 });
  for (const prefix of ["", 5] as string[]) {
    const message = "prefix must be a string, not empty";
    misuse(() => redisRevocation(good, { prefix }), "ERR_OPTION", message);
  }
  const wrong = { clock: 5 } as unknown as { clock: () => number };
  misuse(() => redisRevocation(good, wrong), "ERR_OPTION", "clock must be a function");
  const message = 'unknown option "ttl" of redisRevocation';
  misuse(() => redisRevocation(good, { ttl: 5 } as object), "ERR_OPTION", message);
});
