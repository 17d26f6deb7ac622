/** HS256 tokens, exchanged with npm's `jose`, `jsonwebtoken` and `fast-jwt`. */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import { type Claims, TokenError } from "bulla";
import { decodeUnverified, Jwt, type JwtKey, type JwtPolicy } from "bulla/jwt";
import { createSigner, createVerifier, TokenError as FastJwtError } from "fast-jwt";
import { errors, importJWK, jwtVerify, SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { Generator, tamper } from "./generate.ts";

const COUNT = 200;
const NOW = 1_700_000_000;

/** One secret, in the form that suits each library best. */
interface Key {
  bulla: JwtKey;
  jose: Awaited<ReturnType<typeof importJWK>>;
  /** The key for jsonwebtoken and fast-jwt. */
  peers: string | Buffer;
  kid?: string;
}

/** A policy of bulla in terms of the other libraries. */
interface Expected {
  issuer?: string;
  audience?: string;
  subject?: string;
  jwtId?: string;
  typ?: string;
}

interface Peer {
  name: string;
  /** Tells if a header may have more than ASCII. */
  utf8Header: boolean;
  /** The claims that the library can sign, of those given. */
  signable(claims: Claims): Claims;
  sign(claims: Claims, key: Key, typ?: string): string | Promise<string>;
  verify(token: string, key: Key, now: number, expected: Expected): Claims | Promise<Claims>;
  refuses(error: unknown): boolean;
}

const peers: Peer[] = [
  {
    name: "jose",
    utf8Header: true,
    signable: (claims) => claims,
    sign: (claims, { jose, kid }, typ = "JWT") =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256", typ, ...(kid === undefined ? {} : { kid }) })
        .sign(jose),
    async verify(token, { jose, kid }, now, { jwtId, ...expected }) {
      const { payload, protectedHeader } = await jwtVerify<Claims>(token, jose, {
        algorithms: ["HS256"],
        currentDate: new Date(now * 1000),
        ...expected,
      });
      equal(protectedHeader.kid, kid);
      if (jwtId !== undefined) equal(payload.jti, jwtId);
      return payload;
    },
    refuses: (error) => error instanceof errors.JOSEError,
  },
  {
    name: "jsonwebtoken",
    // It writes and reads a header as Latin-1.
    utf8Header: false,
    // It looks claims up in a plain object, and fails on inherited names.
    signable: (claims) =>
      Object.fromEntries(Object.entries(claims).filter(([name]) => !(name in Object.prototype))),
    sign: (claims, { peers: secret, kid }, typ = "JWT") =>
      jsonwebtoken.sign(claims, secret, {
        algorithm: "HS256",
        noTimestamp: claims.iat === undefined,
        header: { alg: "HS256", typ },
        ...(kid === undefined ? {} : { keyid: kid }),
      }),
    verify(token, { peers: secret, kid }, now, { issuer, audience, subject, jwtId: jwtid, typ }) {
      const { header, payload } = jsonwebtoken.verify(token, secret, {
        algorithms: ["HS256"],
        clockTimestamp: now,
        complete: true,
        ...defined({ issuer, audience, subject, jwtid }),
      });
      deepEqual({ ...header }, { alg: "HS256", typ: typ ?? "JWT", ...defined({ kid }) });
      return payload as Claims;
    },
    // It parses the payload before it checks the signature.
    refuses: (error) =>
      error instanceof jsonwebtoken.JsonWebTokenError || error instanceof SyntaxError,
  },
  {
    name: "fast-jwt",
    utf8Header: true,
    // It does not sign fractions of seconds.
    signable: (claims) => {
      const times = (["exp", "nbf", "iat"] as const).filter((name) => claims[name] !== undefined);
      const whole = times.map((name) => [name, Math.floor(claims[name] as number)]);
      return { ...claims, ...Object.fromEntries(whole) };
    },
    sign: (claims, { peers: key, kid }, typ = "JWT") =>
      createSigner({
        key,
        algorithm: "HS256",
        noTimestamp: claims.iat === undefined,
        header: { alg: "HS256", typ },
        ...defined({ kid }),
      })(claims),
    verify: (token, { peers: key }, now, { issuer, audience, subject, jwtId, typ }) =>
      createVerifier({
        key,
        algorithms: ["HS256"],
        cache: false,
        clockTimestamp: now * 1000,
        ...defined({
          allowedIss: issuer,
          allowedAud: audience,
          allowedSub: subject,
          allowedJti: jwtId,
          checkTyp: typ,
        }),
      })(token),
    refuses: (error) => error instanceof FastJwtError,
  },
];

/** Leaves out the members that are undefined. */
function defined<T extends Record<string, string | undefined>>(
  members: T,
): { [K in keyof T]?: string } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: string };
}

/** A key of each kind that bulla takes: 32 bytes or more. */
async function generateKey(generator: Generator, { utf8Header }: Peer): Promise<Key> {
  if (generator.chance(0.3)) {
    const text = generator.text(32 + generator.integer(64));
    return { bulla: text, jose: new TextEncoder().encode(text), peers: text };
  }
  const bytes = generator.bytes(generator.pick([32, 33, 63, 64, 65, 128, 129, 300]));
  const buffer = Buffer.from(bytes);
  if (generator.chance(0.2)) return { bulla: bytes, jose: bytes, peers: buffer };
  if (generator.chance(0.2)) {
    return { bulla: createSecretKey(bytes), jose: bytes, peers: buffer };
  }
  const text = generator.text(generator.integer(20));
  const name = utf8Header ? text : text.replace(/[^ -~]/g, "");
  const kid = generator.chance(0.8) ? name : undefined;
  const jwk = { kty: "oct", k: buffer.toString("base64url"), ...defined({ kid }) } as const;
  const jose = await importJWK(jwk, "HS256");
  const bulla = generator.chance() ? jwk : { ...jwk, alg: "HS256" };
  return { bulla, jose, peers: buffer, ...defined({ kid }) };
}

/** The policy under which bulla accepts claims: it has one of their audiences. */
function policyFor({ aud }: Claims): JwtPolicy {
  const audience = Array.isArray(aud) ? aud.at(-1) : aud;
  return { maxTokenLength: 2 ** 20, ...(audience === undefined ? {} : { audience }) };
}

for (const peer of peers) {
  test(`${peer.name} verifies what bulla signs`, async () => {
    const generator = new Generator(`to ${peer.name}`);
    for (let count = 0; count < COUNT; count++) {
      const key = await generateKey(generator, peer);
      const now = NOW + generator.integer(10 ** 8);
      const claims = generator.claims(now);
      const issuedAt = generator.chance();
      const jwt = new Jwt(key.bulla, { issuedAt, maxTokenLength: 2 ** 20 });
      const token = jwt.sign(claims, { now });
      const signed = issuedAt ? { iat: now, ...claims } : claims;
      deepEqual(await peer.verify(token, key, now, {}), fromJson(signed));
    }
  });

  test(`bulla verifies what ${peer.name} signs`, async () => {
    const generator = new Generator(`from ${peer.name}`);
    for (let count = 0; count < COUNT; count++) {
      const key = await generateKey(generator, peer);
      const now = NOW + generator.integer(10 ** 8);
      const claims = peer.signable(generator.claims(now));
      const token = await peer.sign(claims, key);
      const other = Jwt.generateKey();
      const keys = generator.pick([key.bulla, [key.bulla, other], [other, key.bulla]]);
      deepEqual(new Jwt(keys, policyFor(claims)).verify(token, { now }), fromJson(claims));
      const kid = key.kid === undefined ? {} : { kid: key.kid };
      deepEqual(decodeUnverified(token).header, { alg: "HS256", typ: "JWT", ...kid });
    }
  });

  test(`${peer.name} and bulla check each other's tokens against the same policy`, async () => {
    const generator = new Generator(`policy ${peer.name}`);
    for (let count = 0; count < COUNT; count++) {
      const key = await generateKey(generator, peer);
      const name = (): string => `n${generator.text(generator.integer(12))}`;
      const all = { issuer: name(), audience: name(), subject: name(), jwtId: name() };
      const chosen = Object.entries(all).filter(
        ([member]) => member === "audience" || generator.chance(),
      );
      const expected: Expected = Object.fromEntries(chosen);
      const typ = generator.pick(["JWT", "at+jwt", "session+jwt"]);
      const policy = { ...expected, typ, expiresIn: 60, notBefore: 0 };
      const jwt = new Jwt(key.bulla, policy);

      const token = jwt.sign({}, { now: NOW });
      const claims = await peer.verify(token, key, NOW + 59, { ...expected, typ });
      const { issuer: iss, audience: aud, subject: sub, jwtId: jti } = expected;
      const named = defined({ iss, aud, sub, jti });
      deepEqual(claims, { ...named, iat: NOW, exp: NOW + 60, nbf: NOW });
      deepEqual(jwt.verify(await peer.sign(claims, key, typ), { now: NOW + 59 }), claims);

      const [member] = generator.pick(chosen) as [keyof Expected, string];
      const another = { ...expected, typ, [member]: "another" };
      const claim = { issuer: "iss", audience: "aud", subject: "sub", jwtId: "jti" }[
        member as string
      ];
      throws(
        () => new Jwt(key.bulla, { ...another, expiresIn: 60 }).verify(token, { now: NOW }),
        (error: unknown) =>
          error instanceof TokenError && error.code === "ERR_TOKEN_CLAIM" && error.claim === claim,
      );
      // jose does not compare `jti`.
      if (member === "jwtId" && peer.name === "jose") continue;
      await rejects(async () => peer.verify(token, key, NOW, another), peer.refuses);
    }
  });

  test(`${peer.name} and bulla refuse a flipped bit, another key and another time`, async () => {
    const generator = new Generator(`refused ${peer.name}`);
    for (let count = 0; count < COUNT; count++) {
      const key = await generateKey(generator, peer);
      const jwt = new Jwt(key.bulla);
      const claims = { sub: generator.text(8), nbf: NOW, exp: NOW + 10 };
      const token = generator.chance() ? jwt.sign(claims) : await peer.sign(claims, key);
      const [bad, now] = generator.pick([
        [tamper(token, generator), NOW],
        [new Jwt(Jwt.generateKey()).sign(claims), NOW],
        [token, NOW - 1],
        // At `exp` itself fast-jwt still accepts, against RFC 7519 section 4.1.4.
        [token, NOW + 11],
      ] as const);
      throws(() => jwt.verify(bad, { now }), TokenError);
      await rejects(async () => peer.verify(bad, key, now, {}), peer.refuses);
      deepEqual(await peer.verify(token, key, NOW + 9, {}), jwt.verify(token, { now: NOW + 9 }));
    }
  });
}

/** Claims as JSON carries them: without `undefined`, and -0 as 0. */
function fromJson(claims: Claims): Claims {
  return JSON.parse(JSON.stringify(claims)) as Claims;
}
