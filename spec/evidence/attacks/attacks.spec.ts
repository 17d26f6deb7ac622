/** Tries each named attack of spec/evidence/attacks/*.json, and checks that it is refused as the file says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type CookieAttributes, serializeCookie } from "../../../src/cookie.ts";
import { Fernet } from "../../../src/fernet.ts";
import { ConfigError, TokenError } from "../../../src/internal/errors.ts";
import { Jwt } from "../../../src/jwt.ts";
import * as forge from "../../helpers/attacks.ts";
import { readFigures, recordFigures } from "../../helpers/figures.ts";
import * as cookies from "../../helpers/session-cookies.ts";
import { service, visit } from "../../helpers/session-visit.ts";
import { refused, refusedSomehow, type Verdict } from "../../helpers/token-refusals.ts";

interface Attack {
  name: string;
  after: string;
}

function read<A extends Attack>(file: string): A[] {
  return JSON.parse(readFileSync(new URL(`${file}.json`, import.meta.url), "utf8"));
}

const now = forge.NOW;
const fernet = new Fernet(forge.FERNET_KEY);

describe("JWT", () => {
  for (const attack of read<forge.JwtAttack>("jwt")) {
    test(`${attack.name} (${attack.after})`, () => {
      const jwt = new Jwt(forge.SECRET, attack.policy);
      const token = forge.forgeJwt(attack);
      if (attack.error === null) assert.doesNotThrow(() => jwt.verify(token, { now }));
      else refused(() => jwt.verify(token, { now }), attack.error as Verdict);
      assert.equal(({} as { exp?: unknown }).exp, undefined, "no prototype is touched");
    });
  }
});

describe("Fernet", () => {
  for (const attack of read<forge.FernetAttack>("fernet")) {
    test(`${attack.name} (${attack.after})`, () => {
      const { ttl, error, message } = attack;
      const token = forge.forgeFernet(attack);
      const decrypted = () =>
        fernet.decryptText(token, { now, ...(ttl === undefined ? {} : { ttl }) });
      if (error === null) assert.equal(decrypted(), message);
      else refused(decrypted, error as Verdict);
    });
  }
});

describe("Whole tokens", () => {
  const jwt = new Jwt(forge.SECRET);
  const verify = (token: string) => jwt.verify(token, { now });
  const decrypt = (token: string) => fernet.decrypt(token, { now });
  const TARGETS: Record<string, [token: string, opens: (token: string) => unknown]> = {
    jwt: [forge.forgeJwt({ name: "", after: "", error: null }), verify],
    fernet: [forge.forgeFernet({ name: "", after: "", error: null }), decrypt],
    ...Object.fromEntries(cookies.TYPES.map((type) => [`${type} session`, sessionOf(type)])),
  };

  interface Sweep extends Attack {
    target: string;
    sweep: string;
  }

  let texts = 0;
  for (const { target, sweep, name, after } of read<Sweep>("sweeps")) {
    const [token, opens] = TARGETS[target] as (typeof TARGETS)[string];
    test(`${target}: ${name} (${after})`, (t) => {
      assert.doesNotThrow(() => opens(token));
      let tried = 0;
      const altered = sweep === "padding" ? forge.paddings() : forge.SWEEPS[sweep]?.(token);
      for (const text of altered ?? []) {
        // White space and ";" around a value belong to the header, not to the value (RFC 6265bis section 4.2.1).
        if (target.endsWith(" session") && /^[ \t;]|[ \t;]$/.test(text)) continue;
        tried++;
        refusedSomehow(() => opens(text), JSON.stringify(text));
      }
      assert.ok(tried > 0);
      texts += tried;
      t.diagnostic(`${tried} tried`);
    });
  }

  test("the sweeps try as many texts as SECURITY.md says (RECORD=1 writes the figure)", () => {
    if (process.env.RECORD) recordFigures("attacks", "sweeps", { texts });
    assert.equal(readFigures<{ texts: number }>("attacks").sweeps?.texts, texts);
  });

  /** A cookie of that type, and a reader that throws where the request is anonymous. */
  function sessionOf(type: cookies.Type): [string, (value: string) => unknown] {
    const made = service({ type }).sessions;
    const opens = (value: string) => {
      const { user } = made.read(`${cookies.NAME}=${value}`);
      if (user === undefined) throw new TokenError("ERR_TOKEN_INVALID");
    };
    return [cookies.seal(type, cookies.envelope({ user: "tom" })), opens];
  }
});

describe("Cookie header", () => {
  interface CookieAttack extends Attack {
    cookie: string;
    finds: string | null;
    /** For sealed types only. */
    sealed?: boolean;
    /** For base64 only, which anybody can write. */
    open?: boolean;
  }

  const tom = { user: "tom" };
  const { BEGAN, ENDS, FOURTEEN_DAYS, NOW, NAME, OLD_ID, SECRET, envelope, seal } = cookies;
  const values: Record<string, (type: cookies.Type) => string> = {
    tom: (type) => seal(type, envelope(tom)),
    older: (type) => seal(type, envelope({ user: "eve" }, { iat: BEGAN - 1, exp: ENDS + 60 })),
    polluting: (type) => {
      const data = '{"user":"tom","__proto__":{"user":"eve","admin":true}}';
      return seal(type, envelope({}).replace("{}", data));
    },
    expired: (type) => seal(type, envelope(tom, { exp: NOW })),
    tomorrow: (type) => seal(type, envelope(tom, { iat: NOW + 86_400, exp: NOW + 2 * 86_400 })),
    soon: (type) => seal(type, envelope(tom, { iat: NOW + 60 })),
    outlived: (type) => seal(type, envelope(tom, { iat: NOW - FOURTEEN_DAYS, exp: ENDS })),
    ageless: (type) => seal(type, envelope(tom, { iat: NOW - FOURTEEN_DAYS, age: 1e9, exp: 9e9 })),
    ageof0: (type) => seal(type, envelope(tom, { age: 0 })),
    uuid: (type) => seal(type, envelope(tom, { jti: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d" })),
    looseid: (type) => seal(type, envelope(tom, { jti: OLD_ID.replace(/.$/, "B") })),
    unborn: (type) => seal(type, envelope(tom, { begun: BEGAN + 1 })),
    fraction: (type) => seal(type, envelope(tom, { iat: NOW - 0.5 })),
    textual: (type) => seal(type, envelope(tom, { exp: String(ENDS) })),
    padded: (type) => {
      const value = seal(type, envelope(tom));
      return value + "=".repeat(-value.length & 3 || 4);
    },
    spaced: (type) => seal(type, envelope(tom).replace(":", ": ")),
    twice: (type) => seal(type, envelope(tom).replace("{", `{"jti":"${OLD_ID}",`)),
    endless: (type) => seal(type, envelope(tom).replace(/"exp":\d+/, '"exp":1e999')),
    array: (type) => seal(type, envelope([tom])),
    empty: (type) => seal(type, envelope({}, { data: undefined })),
    othername: (type) => seal(type, envelope(tom), { name: "session" }),
    othersecret: (type) => seal(type, envelope(tom), { secret: `${SECRET}!` }),
    othertype: (type) => seal(type === "jwt" ? "fernet" : "jwt", envelope(tom)),
  };

  for (const { name, after, cookie, finds, sealed, open } of read<CookieAttack>("cookies")) {
    for (const type of cookies.TYPES) {
      if (type === "base64" ? sealed : open) continue;
      test(`${type}: ${name} (${after})`, () => {
        const header = cookie
          .replaceAll("{name}", NAME)
          .replaceAll(/\{(\w+)\}/g, (_, which) => values[which]?.(type) as string);
        const session = service({ type }).sessions.read(header);
        assert.equal(session.user ?? null, finds);
        assert.equal(session.admin, undefined);
        assert.equal(({} as { admin?: unknown }).admin, undefined);
      });
    }
  }

  test("a garbage cookie makes the request anonymous, and is not an error", async () => {
    const made = service();
    const { response, session } = await visit(made, `${NAME}=${"\u00ff".repeat(99)}`);
    assert.equal(response.status, 200);
    assert.equal(session.user, undefined);
  });
});

describe("Set-Cookie", () => {
  interface Written extends Attack {
    cookie: { name: string; value: string; times?: number; attributes?: CookieAttributes };
  }

  for (const { name, after, cookie } of read<Written>("attributes")) {
    test(`${name} (${after})`, () => {
      const { name: as, value, times = 1, attributes } = cookie;
      const written = () => serializeCookie(as, value.repeat(times), attributes);
      assert.throws(written, (error) => {
        assert.ok(error instanceof ConfigError, `${error}`);
        assert.equal(error.code, "ERR_OPTION");
        assert.ok(!/[\r\n\0]/.test(error.message), "the message repeats no control character");
        return true;
      });
    });
  }
});

test("every attack has a unique name and names its source", () => {
  for (const file of ["jwt", "fernet", "cookies", "attributes"]) {
    const attacks = read<Attack>(file);
    assert.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length, file);
    for (const { name, after } of attacks) assert.ok(name !== "" && after !== "", name);
  }
});
