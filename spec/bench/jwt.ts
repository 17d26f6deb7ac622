/** Signing and verifying HS256 tokens. */

import assert from "node:assert/strict";
import { createSecretKey, randomBytes, webcrypto } from "node:crypto";
import { Jwt } from "bulla/jwt";
import { claimsOf, each, hmacFloor, whole, withWrongMac } from "./fixtures.ts";
import type { Case, Contender } from "./harness.ts";
import { type Claims, fastJwt, jose, jsonwebtoken } from "./rivals.ts";

type Sign = (claims: Claims) => string | Promise<string>;
type Verify = (token: string) => Claims | Promise<Claims>;

interface Party {
  readonly name: string;
  readonly sign: Sign;
  readonly signWithoutTime: Sign;
  readonly verify: Verify;
}

const ALGORITHMS = ["HS256"];
const IAT = 1_735_689_600;
const HEADER = { alg: "HS256", typ: "JWT" };

const secret: string = randomBytes(32).toString("base64url");
const bytes: Uint8Array = Buffer.from(secret);
const keyObject = createSecretKey(bytes);
const hmac = { name: "HMAC", hash: "SHA-256" };
const cryptoKey = await webcrypto.subtle.importKey("raw", bytes, hmac, false, ["sign", "verify"]);

const parties: readonly Party[] = [bulla(), fast(), withKeyObject(), ofJose(bytes, "jose")];
const withCryptoKey = ofJose(cryptoKey, "jose, CryptoKey");

export async function agree(): Promise<void> {
  const claims = claimsOf(0, 120);
  for (const { name, sign, signWithoutTime } of [...parties, withCryptoKey]) {
    const timed = await sign(claims);
    const token = await signWithoutTime(claims);
    for (const { name: other, verify } of [...parties, withCryptoKey]) {
      const { iat, ...rest } = await verify(timed);
      assert.equal(typeof iat, "number", `${other} finds no iat in the token of ${name}`);
      assert.deepEqual({ ...rest }, claims, `${other} reads the token of ${name}`);
      assert.deepEqual({ ...(await verify(token)) }, claims, `${other} reads the token of ${name}`);
      const forged = async (): Promise<unknown> => verify(withWrongMac(token));
      await assert.rejects(forged, `${other} refuses a wrong MAC`);
    }
  }
}

export function cases(): Case[] {
  return [
    signing("jwt.sign.120", "JWT sign, 120 bytes, iat set", 120, true),
    signing("jwt.sign.120.bare", "JWT sign, 120 bytes", 120, false),
    verifying("jwt.verify.120", "JWT verify, 120 bytes", 120),
    signing("jwt.sign.2048", "JWT sign, 2 KiB, iat set", 2048, true),
    verifying("jwt.verify.2048", "JWT verify, 2 KiB", 2048),
    refusing(),
  ];
}

function signing(id: string, title: string, size: number, timed: boolean): Case {
  const claims = each((index) => claimsOf(index, size));
  const contend = ({ name, sign, signWithoutTime }: Party): Contender => {
    const chosen = timed ? sign : signWithoutTime;
    return { name, run: (turn) => chosen(claims(turn)) };
  };
  const signed = each((index) => ({ ...claimsOf(index, size), ...(timed && { iat: IAT }) }));
  const macs = hmacFloor(inputLength(size));
  const run = (turn: number): string => {
    macs();
    return JSON.stringify(signed(turn));
  };
  const all = [...parties, withCryptoKey].map(contend);
  return { id, title, contenders: [...all, { name: "floor", run, floor: true }] };
}

function verifying(id: string, title: string, size: number): Case {
  const { sign } = parties[0] as Party;
  const tokens = each((index) => whole(sign(claimsOf(index, size)) as string));
  const contend = ({ name, verify }: Party): Contender => ({
    name,
    run: (turn) => verify(tokens(turn)),
  });
  const macs = hmacFloor(inputLength(size));
  const texts = each((index) => JSON.stringify({ ...claimsOf(index, size), iat: IAT }));
  const run = (turn: number): unknown => {
    macs();
    return JSON.parse(texts(turn));
  };
  const all = [...parties, withCryptoKey].map(contend);
  return { id, title, contenders: [...all, { name: "floor", run, floor: true }] };
}

/** The cost of a thrown refusal, with its Error and the stack. */
function refusing(): Case {
  const { sign } = parties[0] as Party;
  const tokens = each((index) => withWrongMac(sign(claimsOf(index, 120)) as string));
  const contend = ({ name, verify }: Party): Contender => ({
    name,
    run: (turn) => {
      try {
        const claims = verify(tokens(turn));
        return claims instanceof Promise ? claims.catch(String) : claims;
      } catch (error) {
        return error;
      }
    },
  });
  const title = "JWT verify, 120 bytes, wrong MAC, thrown";
  return { id: "jwt.refuse.120", title, contenders: parties.map(contend) };
}

function bulla(): Party {
  const jwt = new Jwt(secret);
  const bare = new Jwt(secret, { issuedAt: false });
  return {
    name: "bulla",
    sign: (claims) => jwt.sign(claims),
    signWithoutTime: (claims) => bare.sign(claims),
    verify: (token) => jwt.verify(token),
  };
}

function fast(): Party {
  return {
    name: "fast-jwt",
    sign: fastJwt.createSigner({ key: secret }),
    signWithoutTime: fastJwt.createSigner({ key: secret, noTimestamp: true }),
    verify: fastJwt.createVerifier({ key: secret }),
  };
}

function withKeyObject(): Party {
  const options = { algorithms: ALGORITHMS };
  return {
    name: "jsonwebtoken",
    sign: (claims) => jsonwebtoken.sign(claims, keyObject),
    signWithoutTime: (claims) => jsonwebtoken.sign(claims, keyObject, { noTimestamp: true }),
    verify: (token) => jsonwebtoken.verify(token, keyObject, options),
  };
}

function ofJose(key: Uint8Array | webcrypto.CryptoKey, name: string): Party {
  const { SignJWT, jwtVerify } = jose;
  const options = { algorithms: ALGORITHMS };
  return {
    name,
    sign: (claims) => new SignJWT(claims).setProtectedHeader(HEADER).setIssuedAt().sign(key),
    signWithoutTime: (claims) => new SignJWT(claims).setProtectedHeader(HEADER).sign(key),
    verify: async (token) => (await jwtVerify(token, key, options)).payload,
  };
}

/** The length of header, dot and payload, which the MAC covers. */
function inputLength(size: number): number {
  const header = Math.ceil((JSON.stringify(HEADER).length * 4) / 3);
  return header + 1 + Math.ceil(((size + ',"iat":1735689600'.length) * 4) / 3);
}
