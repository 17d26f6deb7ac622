/** The session's envelope: the exact text that is written, and the claims that do not open. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Seal } from "../../src/session.ts";
import {
  ATTRIBUTES,
  BEGAN,
  cookieOf,
  cookieValue,
  ENDS,
  envelope,
  FOURTEEN_DAYS,
  idOf,
  NAME,
  NOW,
  OLD_ID,
  seal,
  TYPES,
  unseal,
  unsealText,
} from "../helpers/session-cookies.ts";
import { OPENERS, writers } from "../helpers/session-entries.ts";
import { type BagSession, optionsOf, pairOf, service, visit } from "../helpers/session-visit.ts";

const CODED: Seal = {
  seal: (payload) => Buffer.from(payload).toString("hex"),
  open: (text) => Buffer.from(text, "hex").toString(),
};

interface Situation {
  /** The claims of the request's cookie; undefined for no cookie. */
  claims?: object | undefined;
  edit(session: BagSession): unknown;
  /** The claims that are written before data; "ID" is the session's id. */
  written: string;
  /** The Max-Age attribute. */
  lasts?: number | undefined;
  data?: string;
}

const TIMES = `"iat":${NOW},"exp":${NOW + FOURTEEN_DAYS}`;
const BEGUN = `"begun":${BEGAN}`;
const DUE = NOW - FOURTEEN_DAYS / 2;

const SITUATIONS: Record<string, Situation> = {
  "a new session": {
    edit: (session) => (session.user = "Zoë 𒀸"),
    written: `"jti":"ID",${TIMES}`,
    data: '{"user":"Zoë 𒀸"}',
  },
  "a changed session": {
    claims: {},
    edit: (session) => (session.user = "ann"),
    written: `"jti":"${OLD_ID}",${TIMES},${BEGUN}`,
    data: '{"user":"ann"}',
  },
  "a session changed in the second in which it began": {
    claims: { iat: NOW },
    edit: (session) => (session.user = "ann"),
    written: `"jti":"${OLD_ID}",${TIMES}`,
    data: '{"user":"ann"}',
  },
  "a changed session that was written before": {
    claims: { begun: BEGAN - 5 },
    edit: (session) => (session.user = "ann"),
    written: `"jti":"${OLD_ID}",${TIMES},"begun":${BEGAN - 5}`,
    data: '{"user":"ann"}',
  },
  "a session changed in the second in which it was written": {
    claims: { iat: NOW, begun: BEGAN - 5 },
    edit: (session) => (session.user = "ann"),
    written: `"jti":"${OLD_ID}",${TIMES},"begun":${BEGAN - 5}`,
    data: '{"user":"ann"}',
  },
  "a session that began on a clock ahead": {
    claims: { iat: NOW + 60, exp: NOW + 60 + FOURTEEN_DAYS },
    edit: (session) => (session.user = "ann"),
    // A session never gets an earlier beginning: its first cookies may open for as long as theirs allows.
    written: `"jti":"${OLD_ID}","iat":${NOW + 60},"exp":${NOW + FOURTEEN_DAYS}`,
    data: '{"user":"ann"}',
  },
  "a renewed session": {
    claims: { iat: DUE, exp: NOW + 100 },
    edit: () => {},
    written: `"jti":"${OLD_ID}",${TIMES},"begun":${DUE}`,
  },
  "a renewed session that was written before": {
    claims: { iat: DUE, exp: NOW + 100, begun: 1 },
    edit: () => {},
    written: `"jti":"${OLD_ID}",${TIMES},"begun":1`,
  },
  "a touched session": {
    claims: {},
    edit: (session) => session.touch(),
    written: `"jti":"${OLD_ID}",${TIMES},${BEGUN}`,
  },
  "touch() of nothing": {
    edit: (session) => session.touch(),
    written: `"jti":"ID",${TIMES}`,
    data: "{}",
  },
  "touch with maxAge": {
    claims: {},
    edit: (session) => session.touch({ maxAge: 600 }),
    written: `"jti":"${OLD_ID}","iat":${NOW},"exp":${NOW + 600},${BEGUN},"age":600`,
    lasts: 600,
  },
  "touch with the maxAge of the options": {
    claims: {},
    edit: (session) => session.touch({ maxAge: FOURTEEN_DAYS }),
    written: `"jti":"${OLD_ID}",${TIMES},${BEGUN},"age":${FOURTEEN_DAYS}`,
  },
  "touch with persistent false": {
    claims: {},
    edit: (session) => session.touch({ persistent: false }),
    written: `"jti":"${OLD_ID}",${TIMES},${BEGUN},"keep":false`,
    lasts: undefined,
  },
  "touch with persistent true": {
    claims: {},
    edit: (session) => session.touch({ persistent: true }),
    written: `"jti":"${OLD_ID}",${TIMES},${BEGUN},"keep":true`,
  },
  "touch with both, of a new session": {
    edit(session) {
      session.user = "tom";
      session.touch({ persistent: false, maxAge: 60 });
    },
    written: `"jti":"ID","iat":${NOW},"exp":${NOW + 60},"age":60,"keep":false`,
    lasts: undefined,
  },
  "a change of a session with a lifetime of its own": {
    claims: { age: 600, keep: true },
    edit: (session) => (session.user = "ann"),
    written: `"jti":"${OLD_ID}","iat":${NOW},"exp":${NOW + 600},${BEGUN},"age":600,"keep":true`,
    lasts: 600,
    data: '{"user":"ann"}',
  },
  "regenerate, of a session with a lifetime of its own": {
    claims: { begun: 1, age: 600, keep: false },
    edit(session) {
      session.regenerate();
      session.user = "ann";
    },
    written: `"jti":"ID",${TIMES}`,
    data: '{"user":"ann"}',
  },
  "regenerate and touch with maxAge": {
    claims: { begun: 1 },
    edit(session) {
      session.regenerate();
      session.user = "ann";
      session.touch({ maxAge: 600 });
    },
    written: `"jti":"ID","iat":${NOW},"exp":${NOW + 600},"age":600`,
    lasts: 600,
    data: '{"user":"ann"}',
  },
  "destroy and new data": {
    claims: { age: 600 },
    edit(session) {
      session.destroy();
      session.user = "ann";
    },
    written: `"jti":"ID",${TIMES}`,
    data: '{"user":"ann"}',
  },
};

describe("the exact text of the envelope", () => {
  for (const [what, situation] of Object.entries(SITUATIONS)) {
    const { claims, edit, written, data = '{"user":"tom"}' } = situation;
    test(`${what}`, async () => {
      for (const type of TYPES) {
        const made = service(optionsOf(type));
        const cookie = claims && cookieOf(type, { user: "tom" }, claims);
        const { session, setCookie } = await visit(made, cookie, edit);
        assert.equal(setCookie.length, 1, type);
        const value = cookieValue(setCookie[0]);
        const expected = `{${written.replace("ID", session.id)},"data":${data}}`;
        assert.equal(unsealText(type, value), expected, type);
        assert.match(session.id, /^[\w-]{21}[AQgw]$/);
        if (!written.includes(OLD_ID)) assert.notEqual(session.id, OLD_ID, type);
        const lasts = "lasts" in situation ? situation.lasts : FOURTEEN_DAYS;
        const maxAge = lasts === undefined ? "" : `; Max-Age=${lasts}`;
        assert.equal(setCookie[0], `${NAME}=${value}${maxAge}${ATTRIBUTES}`, type);
        assert.deepEqual([made.invalid, made.errors], [[], []], type);
      }
    });
  }

  for (const [how, write] of writers()) {
    test(`by ${how}`, async (t) => {
      for (const type of TYPES) {
        const { edit, written } = SITUATIONS["touch with maxAge"] as Situation;
        const cookie = cookieOf(type, { user: "tom" });
        const { setCookie } = await write(t, service(optionsOf(type)), cookie, edit);
        const text = unsealText(type, cookieValue(setCookie[0]));
        assert.equal(text, `{${written},"data":{"user":"tom"}}`, type);
      }
    });
  }

  test("a seal of the application's own gets the same text", async () => {
    const { edit, written } = SITUATIONS["touch with maxAge"] as Situation;
    const cookie = `${NAME}=${CODED.seal(envelope({ user: "tom" }))}`;
    const { setCookie } = await visit(service({ seal: CODED }), cookie, edit);
    assert.equal(CODED.open(cookieValue(setCookie[0])), `{${written},"data":{"user":"tom"}}`);
  });

  test("a written session opens again with the same facts", async () => {
    for (const type of TYPES) {
      for (const [what, { claims, edit }] of Object.entries(SITUATIONS)) {
        const made = service({ ...optionsOf(type), renewAfter: false });
        const cookie = claims && cookieOf(type, { user: "tom" }, claims);
        const { session, setCookie } = await visit(made, cookie, edit);
        if (setCookie.length === 0) continue; // The cookie was not renewed.
        const again = await visit(made, pairOf(setCookie[0]));
        assert.deepEqual(again.setCookie, [], what);
        assert.deepEqual([again.session.id, again.session.isNew], [session.id, false], what);
        const { exp, iat, begun = iat } = unseal(type, cookieValue(setCookie[0]));
        assert.deepEqual([again.session.createdAt, again.session.expiresAt], [begun, exp], what);
        assert.deepEqual({ ...again.session }, { ...session }, what);
      }
    }
  });

  test("every new session has its own id and keeps it", async () => {
    const ids = new Set<string>();
    for (let round = 0; round < 300; round++) {
      const { session } = await visit(service(), undefined);
      assert.equal(session.id, session.id);
      ids.add(session.id);
    }
    assert.equal(ids.size, 300);
  });
});

describe("claims that do not open", () => {
  const MALFORMED = "ERR_TOKEN_MALFORMED";
  const EXPIRED = "ERR_TOKEN_EXPIRED";
  const raw = (name: string, text: string): string =>
    envelope({ user: "tom" }, { [name]: "RAW" }).replace('"RAW"', text);
  const data = '"data":{"user":"tom"}';
  const times = `"iat":${BEGAN},"exp":${ENDS}`;
  const good = `{"jti":"${OLD_ID}",${times},${data}}`;
  assert.equal(good, envelope({ user: "tom" }));

  const rows: Record<string, readonly [payload: string, code: string]> = {
    "no text": ["", MALFORMED],
    "no JSON": ["{", MALFORMED],
    "JSON with a comma too many": [good.replace("}}", "},}"), MALFORMED],
    "two objects": [good + good, MALFORMED],
    "a byte order mark": [`\ufeff${good}`, MALFORMED],
    null: ["null", MALFORMED],
    "a number": ["7", MALFORMED],
    text: ['"text"', MALFORMED],
    "an array": [`[${good}]`, MALFORMED],
    "deep arrays": [`${"[".repeat(900)}${"]".repeat(900)}`, MALFORMED],
    "an empty object": ["{}", MALFORMED],
    "an exp that is past": [envelope({}, { exp: NOW }), EXPIRED],
    "an exp below zero": [envelope({}, { exp: -1 }), EXPIRED],
    "an iat in the far past": [envelope({}, { iat: 0 }), EXPIRED],
    "an iat below zero": [envelope({}, { iat: -5 }), EXPIRED],
    "an iat 61 s ahead": [envelope({}, { iat: NOW + 61 }), "ERR_TOKEN_NOT_ACTIVE"],
    "an iat in the far future": [envelope({}, { iat: 2 ** 53 - 1 }), "ERR_TOKEN_NOT_ACTIVE"],
  };
  for (const claim of ["jti", "iat", "exp", "data"]) {
    rows[`no ${claim}`] = [envelope({}, { [claim]: undefined }), MALFORMED];
  }
  const ids: Record<string, string> = {
    "is empty": "",
    "is one character": "a",
    "is 21 characters": OLD_ID.slice(1),
    "is 23 characters": `${OLD_ID}A`,
    "has trailing bits": `${OLD_ID.slice(0, -1)}B`,
    "is padded": `${OLD_ID}==`,
    "is of the standard alphabet": `+/${OLD_ID.slice(2)}`,
    "has a space": ` ${OLD_ID.slice(1)}`,
    "has a line break": `${OLD_ID.slice(0, -1)}\n`,
    "is not ASCII": `\u0141${OLD_ID.slice(1)}`,
    "is hexadecimal": "0123456789abcdef0123456789abcdef",
    "is bytes": "\0".repeat(16),
    "is 2,900 characters": "i".repeat(2900),
    "is __proto__": "__proto__",
  };
  for (const [what, jti] of Object.entries(ids)) {
    rows[`a jti that ${what}`] = [envelope({}, { jti }), MALFORMED];
  }
  const values: Record<string, readonly string[]> = {
    jti: ["7", "null", "true", "{}", `["${OLD_ID}"]`],
    iat: [`"${BEGAN}"`, "null", "true", `${BEGAN}.5`, "1e400", "-1e400", "9007199254740992", "[1]"],
    exp: [`"${ENDS}"`, "null", "true", `${ENDS}.5`, "1e400", "-1e400", "9007199254740992", "[1]"],
    begun: [`"${BEGAN - 5}"`, "null", "true", "1.5", "1e400", "-1e400", "-9007199254740992", "{}"],
    age: ["0", "-1", "1.5", '"600"', "null", "true", "false", "1e400", "[600]"],
    keep: ["0", "1", '"true"', '""', "null", "{}", "[]"],
    data: ["null", '["tom"]', "[]", '"tom"', "7", "true"],
  };
  for (const [claim, texts] of Object.entries(values)) {
    for (const text of texts) rows[`${claim}: ${text}`] = [raw(claim, text), MALFORMED];
  }
  rows["begun: iat"] = [envelope({}, { begun: BEGAN }), MALFORMED];
  rows["begun: after iat"] = [envelope({}, { begun: BEGAN + 1 }), MALFORMED];

  for (const [what, [payload, code]] of Object.entries(rows)) {
    test(`${what}: ${code}`, async () => {
      for (const type of TYPES) {
        const made = service(optionsOf(type));
        const cookie = `${NAME}=${seal(type, payload)}`;
        const { session, setCookie, response } = await visit(made, cookie);
        assert.deepEqual([Object.keys(session), session.isNew], [[], true], type);
        assert.deepEqual([response.status, setCookie], [200, []], type);
        assert.deepEqual(made.invalid, [code], type);
      }
      const made = service({ seal: { ...CODED, open: () => payload } });
      assert.equal(made.sessions.read(`${NAME}=value`).isNew, true);
      assert.deepEqual(made.invalid, [code]);
    });
  }

  for (const [how, { open }] of Object.entries(OPENERS)) {
    test(`by ${how}, for one claim of each kind`, async () => {
      for (const differing of [{ jti: 7 }, { exp: NOW }, { iat: NOW + 61 }, { age: 0 }]) {
        const made = service();
        const { data, isNew, id } = await open(
          made,
          cookieOf("fernet", { user: "tom" }, differing),
        );
        assert.deepEqual([data, isNew], [{}, true]);
        assert.notEqual(id, OLD_ID);
        assert.equal(made.invalid.length, 1);
      }
    });
  }
});

describe("claims that open", () => {
  const rows: Record<string, object> = {
    "the claims alone": {},
    "an id of zeros": { jti: "A".repeat(22) },
    "any other id": { jti: idOf("other") },
    "an unknown claim": { iss: "other" },
    "the last possible exp": { exp: 2 ** 53 - 1 },
    "an iat 60 s ahead": { iat: NOW + 60 },
    "a begun at the epoch": { begun: 0 },
    "a begun just before iat": { begun: BEGAN - 1 },
    "an age of its own": { age: 600 },
    "an age above what touch may set": { age: 2 ** 40 },
    "keep true": { keep: true },
    "keep false": { keep: false },
  };
  for (const [what, differing] of Object.entries(rows)) {
    test(`${what}`, async () => {
      for (const type of TYPES) {
        const made = service(optionsOf(type));
        const cookie = cookieOf(type, { user: "tom" }, differing);
        const { session, setCookie } = await visit(made, cookie);
        assert.deepEqual([session.user, session.isNew, setCookie], ["tom", false, []], type);
        assert.deepEqual(made.invalid, [], type);
      }
    });
  }
});
