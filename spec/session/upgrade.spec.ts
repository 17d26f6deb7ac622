/** Sessions of an upgrade request, which has a socket instead of a response. */

import assert from "node:assert/strict";
import http from "node:http";
import type { Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { ENTRIES } from "../helpers/session-app.ts";
import {
  CLEARING,
  cookieOf,
  cookieValue,
  envelope,
  NAME,
  seal,
  unseal,
} from "../helpers/session-cookies.ts";
import { LISTS } from "../helpers/session-revocation.ts";
import { rawly, repliesIn, requestBytes, type Site, serve } from "../helpers/session-server.ts";
import {
  type BagSession,
  calledBack,
  configRefusal,
  type Service,
  service,
  sessionRefusal,
} from "../helpers/session-visit.ts";
import { ownCookie } from "../helpers/session-ways.ts";

const UNSENT = sessionRefusal("ERR_SESSION_UNSENT");
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n";
const HEADERS = { Cookie: cookieOf("fernet", { user: "tom" }) };

type Upgrading = (req: http.IncomingMessage, socket: Socket) => unknown;

async function upgrades(t: TestContext, upgrading: Upgrading): Promise<Site> {
  const site = await serve(t, (_req, res) => res.end());
  site.server.on("upgrade", (req: http.IncomingMessage, socket: Socket) => {
    // Ends the socket on an error, or the client would wait forever.
    Promise.resolve()
      .then(() => upgrading(req, socket))
      .catch((error: unknown) => socket.end(`HTTP/1.1 500 ${error}\r\n\r\n`));
  });
  return site;
}

/** Returns everything that the server writes for an upgrade until it closes the connection. */
function upgrade(site: Site, headers: Record<string, string> = HEADERS): Promise<string> {
  return rawly(
    site,
    requestBytes("/", { headers: { Connection: "Upgrade", Upgrade: "x", ...headers } }),
  );
}

test("an upgrade reads the session of its cookie", async (t) => {
  const made = service();
  const users: unknown[] = [];
  const site = await upgrades(t, (req, socket) => {
    const { user, isNew } = made.sessions.read(req);
    users.push(user, isNew);
    socket.end(SWITCHING);
  });
  const strange = `${NAME}=${seal("fernet", envelope({}), { name: "a" })}`;
  for (const cookie of [HEADERS.Cookie, strange]) {
    assert.equal(await upgrade(site, { Cookie: cookie }), SWITCHING);
  }
  assert.deepEqual(users, ["tom", false, undefined, true]);
  assert.deepEqual(made.invalid, ["ERR_TOKEN_INVALID"]);
});

for (const [what, Made] of Object.entries(LISTS)) {
  test(`${what}: an upgrade loads its session; a revoked one is empty`, async (t) => {
    const list = new Made();
    const made = service({ revocation: list });
    const users: unknown[] = [];
    const site = await upgrades(t, async (req, socket) => {
      const session = await made.sessions.load(req);
      users.push(session.user);
      list.revoked.set(session.id, 1);
      socket.end(SWITCHING);
    });
    for (let round = 0; round < 2; round++) await upgrade(site);
    assert.deepEqual(users, ["tom", undefined]);
    assert.deepEqual(made.invalid, ["ERR_SESSION_REVOKED"]);
  });
}

describe("a response without a socket carries nothing", () => {
  const edits: Record<string, (session: BagSession) => unknown> = {
    "a change": (session) => (session.user = "ann"),
    "a touch": (session) => session.touch(),
    "a deleted member": (session) => Reflect.deleteProperty(session, "user"),
    "a destruction": (session) => void session.destroy(),
    "a regeneration, and data": (session) => {
      void session.regenerate();
      session.user = "ann";
    },
  };
  for (const [entry, enter] of Object.entries(ENTRIES)) {
    for (const [what, edit] of Object.entries(edits)) {
      test(`${entry}: save reports ${what}, and accepts a session that is only read`, async (t) => {
        const made = service();
        const site = await upgrades(t, (req, socket) =>
          enter(made.sessions, req, new http.ServerResponse(req), async (session) => {
            assert.equal(session.user, "tom");
            session.save();
            assert.equal(await calledBack((done) => session.save(done)), undefined);
            edit(session);
            assert.throws(() => session.save(), UNSENT);
            const error = await calledBack((done) => session.save(done));
            assert.deepEqual([error?.code, error?.status], [UNSENT.code, UNSENT.status]);
            socket.end(SWITCHING);
          }),
        );
        assert.equal(await upgrade(site), SWITCHING);
      });
    }
  }

  test("and anything that is not a response is a ConfigError", async (t) => {
    const made = service();
    const site = await upgrades(t, (req, socket) => {
      assert.throws(() => made.sessions.attach(req, {} as never), configRefusal(/res/));
      assert.throws(() => made.sessions.attach(req, socket as never), configRefusal(/res/));
      assert.equal(made.sessions.read(req).user, "tom");
      socket.end(SWITCHING);
    });
    assert.equal(await upgrade(site), SWITCHING);
  });
});

describe("a response with the upgrade's socket carries the session", () => {
  type Answer = (res: http.ServerResponse, session: BagSession) => unknown;
  const answers: Record<string, { answer: Answer; status: number; data?: object }> = {
    "a refusal with a change": {
      answer(res, session) {
        session.flash = "no";
        session.save();
        res.writeHead(401, { Connection: "close", "Content-Length": 2 }).end("no");
      },
      status: 401,
      data: { user: "tom", flash: "no" },
    },
    "a refusal with a destruction": {
      answer(res, session) {
        void session.destroy();
        session.save();
        res.writeHead(403, { Connection: "close", "Content-Length": 0 }).end();
      },
      status: 403,
    },
    "a handshake with a change": {
      answer(res, session) {
        session.sockets = 1;
        session.save();
        res.writeHead(101, { Connection: "Upgrade", Upgrade: "x" }).end();
      },
      status: 101,
      data: { user: "tom", sockets: 1 },
    },
  };
  const given: Record<string, (made: Service, ...pair: Given) => BagSession> = {
    "that has it before": (made, req, res, socket) => {
      res.assignSocket(socket);
      return made.sessions.attach(req, res);
    },
    "that gets it later": (made, req, res, socket) => {
      const session = made.sessions.attach(req, res);
      session.early = true;
      assert.throws(() => session.save(), UNSENT);
      delete session.early;
      res.assignSocket(socket);
      return session;
    },
  };
  type Given = [req: http.IncomingMessage, res: http.ServerResponse, socket: Socket];
  for (const [how, attach] of Object.entries(given)) {
    for (const [what, { answer, status, data }] of Object.entries(answers)) {
      test(`${how}: ${what}`, async (t) => {
        const made = service();
        const site = await upgrades(t, (req, socket) => {
          const res = new http.ServerResponse(req);
          const session = attach(made, req, res, socket);
          res.on("finish", () => socket.end());
          answer(res, session);
        });
        const [reply, ...more] = repliesIn(await upgrade(site));
        assert.deepEqual([reply?.status, more], [status, []]);
        if (reply === undefined) return;
        assert.equal(reply.headers.vary, "Cookie");
        if (data === undefined) assert.deepEqual(reply.setCookie, [CLEARING]);
        else assert.deepEqual(unseal("fernet", cookieValue(ownCookie(reply, NAME))).data, data);
        assert.deepEqual(made.errors, []);
      });
    }
  }
});
