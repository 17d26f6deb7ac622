/**
 * redisRevocation with clients like those in their READMEs: what it stores, for how long, and how it fails
 * closed.
 */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type RedisClient, redisRevocation, SessionError } from "../../src/session.ts";
import { CLIENTS, Redis } from "../helpers/redis-clients.ts";
import {
  CLEARING,
  cookieOf,
  ENDS,
  FOURTEEN_DAYS,
  idOf,
  NOW,
  OLD_ID,
} from "../helpers/session-cookies.ts";
import {
  configRefusal,
  optionRefusal,
  request,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });
const OTHER = idOf("another");
const SESSION = { createdAt: NOW, expiresAt: NOW + 1000, data: {} };
const DOWN = new Error("the server is down");
const NEVER = new Promise<never>(() => {});
const clock = (): number => NOW;

/** Checks the error of a list that could not be asked or told. */
function isFailed(error: unknown, why: string | Error): true {
  assert.ok(error instanceof SessionError, String(error));
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

  describe(`redisRevocation with ${what}: storage`, () => {
    test("stores one key for an id, which expires a minute after `until`, rounded up", async () => {
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
        assert.equal(await list.revoke(OLD_ID, until, SESSION), undefined);
        assert.deepEqual([...redis.expires], [[`bulla:revoked:${OLD_ID}`, NOW + expiry]]);
      }
    });

    test("an id is revoked until then, and no other id is", async () => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock });
      await list.revoke(OLD_ID, NOW + 100, SESSION);
      assert.equal(await list.isRevoked(OLD_ID, SESSION), true);
      assert.equal(await list.isRevoked(OTHER, SESSION), false);
      redis.now = NOW + 159;
      assert.equal(await list.isRevoked(OLD_ID, SESSION), true);
      redis.now = NOW + 160;
      assert.equal(await list.isRevoked(OLD_ID, SESSION), false);
    });

    test("does not depend on the server's clock", async () => {
      const { redis, client } = make();
      redis.now = NOW + 1_000_000;
      const list = redisRevocation(client, { clock });
      await list.revoke(OLD_ID, NOW + 1, SESSION);
      assert.equal(await list.isRevoked(OLD_ID, SESSION), true);
    });

    test("lists with different prefixes share a client", async () => {
      const { redis, client } = make();
      const one = redisRevocation(client, { prefix: "one/", clock });
      const other = redisRevocation(client, { prefix: "other/", clock });
      await one.revoke(OLD_ID, NOW + 5, SESSION);
      assert.deepEqual(
        [await one.isRevoked(OLD_ID, SESSION), await other.isRevoked(OLD_ID, SESSION)],
        [true, false],
      );
      assert.deepEqual([...redis.expires.keys()], [`one/${OLD_ID}`]);
    });

    test("uses the system's clock by default", async () => {
      const { redis, client } = make();
      await redisRevocation(client).revoke(OLD_ID, Math.floor(Date.now() / 1000) + 100, SESSION);
      const [expires = 0] = redis.expires.values();
      assert.ok(expires - NOW > 157 && expires - NOW <= 160, String(expires - NOW));
    });
  });

  describe(`redisRevocation with ${what}: sessions`, () => {
    for (const end of ["destroy", "regenerate"] as const) {
      test(`${end}: the id is stored until no cookie can open, and is refused everywhere`, async () => {
        for (const [options, until] of [
          [{ maxAge: 60 }, ENDS],
          [{}, NOW + 60 + FOURTEEN_DAYS],
          [{ maxAge: 60, longestAge: 2 * FOURTEEN_DAYS }, NOW + 60 + 2 * FOURTEEN_DAYS],
        ] as const) {
          const { redis, client } = make();
          const made = service({ revocation: redisRevocation(client, { clock }), ...options });
          assert.equal((await made.sessions.load(COOKIE)).user, "tom");
          await visit(made, COOKIE, (session) => session[end]());
          assert.deepEqual([...redis.expires], [[`bulla:revoked:${OLD_ID}`, until + 60]]);
          const elsewhere = service({ revocation: redisRevocation(new Client(redis), { clock }) });
          const { session, setCookie } = await visit(elsewhere, COOKIE);
          assert.deepEqual([session.isNew, setCookie], [true, []]);
          assert.deepEqual(elsewhere.invalid, ["ERR_SESSION_REVOKED"]);
        }
      });
    }

    for (const how of ["refuses", "hangs"]) {
      test(`a server that ${how}: a 503, and no session`, async () => {
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
          void session.destroy();
        });
        assert.deepEqual([logout.response.status, logout.setCookie], [503, [CLEARING]]);
        let asked = 0;
        const wrapped = made.sessions.wrap(() => new Response(`${asked++}`));
        assert.equal((await wrapped(request(COOKIE))).status, 503);
        await assert.rejects(made.sessions.load(COOKIE), (error) => isFailed(error, why));
        assert.equal((await wrapped(request())).status, 200, "no cookie, no question");
        assert.deepEqual([asked, heard.length], [1, 2]);
        for (const error of heard) isFailed(error, why);
      });
    }
  });

  describe(`redisRevocation with ${what}: failures`, () => {
    test("waits at most one second by default", async (t) => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock });
      redis.queue = NEVER;
      t.mock.timers.enable({ apis: ["setTimeout"] });
      for (const call of [
        () => list.isRevoked(OLD_ID, SESSION),
        () => list.revoke(OLD_ID, NOW + 5, SESSION),
      ]) {
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
      // Deno would restore them only after all tests.
      t.mock.timers.reset();
    });

    test("leaves no timer, however a command ends", async (t) => {
      const { live, set } = timers(t);
      const outcomes: Record<string, (redis: Redis, client: RedisClient) => void> = {
        "an answer": () => {},
        "an error": (redis) => {
          redis.failure = DOWN;
        },
        "an error that comes later": (redis) => {
          redis.queue = new Promise(setImmediate);
          redis.failure = DOWN;
        },
        "a throw": (_redis, client) => {
          const fail = (): never => {
            throw DOWN;
          };
          Object.assign(client, { exists: fail, setEx: fail, setex: fail });
        },
      };
      for (const [outcome, arrange] of Object.entries(outcomes)) {
        const { redis, client } = make();
        arrange(redis, client);
        const list = redisRevocation(client, { clock, timeout: 5 });
        for (const call of [
          () => list.isRevoked(OLD_ID, SESSION),
          () => list.revoke(OLD_ID, NOW + 5, SESSION),
        ]) {
          const settled = call().then(
            () => "an answer",
            () => "an error",
          );
          assert.equal(await settled, outcome === "an answer" ? "an answer" : "an error", outcome);
          assert.equal(live.size, 0, outcome);
          assert.ok(set.mock.callCount() > 0, "a timer was set");
        }
      }
    });

    test("a late error is ignored", async () => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock, timeout: 0.005 });
      let late: (reason: unknown) => void = () => {};
      redis.queue = new Promise((_, reject) => {
        late = reject;
      });
      await assert.rejects(list.isRevoked(OLD_ID, SESSION), (error) =>
        isFailed(error, "no answer within 0.005 s"),
      );
      late(DOWN);
      // An unhandled rejection would fail the test.
      await new Promise(setImmediate);
    });

    test("refuses a time in the past or that is not a time", async () => {
      const { redis, client } = make();
      const list = redisRevocation(client, { clock });
      for (const until of [NOW, NOW - 5, 0, Number.NaN, Infinity, "5"] as number[]) {
        await assert.rejects(list.revoke(OLD_ID, until, SESSION), configRefusal(/^until must be /));
      }
      assert.equal(redis.expires.size, 0);
    });
  });
}

test("any reply of Redis except 0 means revoked", async () => {
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
    assert.equal(await redisRevocation(client).isRevoked(OLD_ID, SESSION), revoked, String(reply));
  }
});

test("a client that throws instead of rejecting", async () => {
  const fail = (): never => {
    throw DOWN;
  };
  const list = redisRevocation({ exists: fail, setEx: fail }, { clock });
  await assert.rejects(list.isRevoked(OLD_ID, SESSION), (error) => isFailed(error, DOWN));
  await assert.rejects(list.revoke(OLD_ID, NOW + 1, SESSION), (error) => isFailed(error, DOWN));
});

test("misuse is a ConfigError", () => {
  const call = async (): Promise<number> => 0;
  const good = { exists: call, setex: call };
  const clients = [undefined, null, 5, {}, { exists: call }, { setEx: call }, { setex: 5 }];
  for (const client of clients as RedisClient[]) {
    assert.throws(
      () => redisRevocation(client),
      optionRefusal(
        "the client of redisRevocation must be a client of the package redis or ioredis",
      ),
    );
  }
  for (const timeout of [0, -1, 60.5, Infinity, Number.NaN, "1", null] as number[]) {
    assert.throws(
      () => redisRevocation(good, { timeout }),
      optionRefusal("timeout must be seconds above 0, 60 at most"),
    );
  }
  redisRevocation(good, { timeout: 60 });
  for (const prefix of ["", 5, null] as string[]) {
    assert.throws(() => redisRevocation(good, { prefix }), configRefusal(/prefix/));
  }
  const wrong = { clock: 5 } as unknown as { clock: () => number };
  assert.throws(() => redisRevocation(good, wrong), configRefusal(/clock/));
  assert.throws(
    () => redisRevocation(good, { ttl: 5 } as object),
    optionRefusal('unknown option "ttl" of redisRevocation'),
  );
});

/** Records timers that were set and not cleared, even if they have run. */
function timers(t: TestContext) {
  const live = new Set<unknown>();
  const { setTimeout: start, clearTimeout: clear } = globalThis;
  const set = t.mock.method(globalThis, "setTimeout", (...given: Parameters<typeof start>) => {
    const timer = start(...given);
    live.add(timer);
    return timer;
  });
  t.mock.method(globalThis, "clearTimeout", (timer: Parameters<typeof clear>[0]) => {
    live.delete(timer);
    clear(timer);
  });
  return { live, set };
}
