/**
 * Every code of errors.ts, provoked through the public API: its class, message and members, and that
 * nothing of an error holds anything of a key, a token, a MAC, plaintext or the JSON parser's text.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { decode, encode } from "../src/base64url.ts";
import { readCookies, serializeCookie } from "../src/cookie.ts";
import { ConfigError, refusal, SessionError, TokenError } from "../src/errors.ts";
import { Fernet } from "../src/fernet.ts";
import * as all from "../src/index.ts";
import { type Claims, decodeUnverified, Jwt } from "../src/jwt.ts";
import { type SessionOptions, sessions } from "../src/session.ts";
import { base64url, fernetToken, jws, sealed } from "./helpers/token-forge.ts";
import { refusedSomehow } from "./helpers/token-refusals.ts";

/** No six characters of these stand in any text by chance. */
const KEY = "kQ9vZ2xW7pLr4TnB8sYd1GfHj6McAeUo";
const OTHER_KEY = "Xb3nV8tJ5wRq0LzP7yKu2DgCm9SaEhFi";
const PLAINTEXT = "Wq8zKp3Vx7Jm2Rt9";
const FERNET_BYTES = Buffer.from("9f3c71e8a4d26b05f7184ec2903ad65b7e02c9f4618d35ab40e79c1258fb6d03", "hex");
const FERNET_KEY = FERNET_BYTES.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
const SECRETS = [
  ...[KEY, OTHER_KEY, PLAINTEXT, FERNET_KEY].flatMap((text) => [text, base64url(text)]),
  ...[KEY, OTHER_KEY, PLAINTEXT].map((text) => Buffer.from(text).toString("hex")),
  FERNET_BYTES.toString("hex"),
];

const NOW = 1_700_000_000;
const HS256 = { alg: "HS256", typ: "JWT" };
const CLAIMS: Claims = { sub: PLAINTEXT, iat: NOW };
const TOKEN = jws(HS256, CLAIMS, KEY);
const [HEADER, PAYLOAD, MAC] = TOKEN.split(".") as [string, string, string];
const FRAME = fernetToken(FERNET_BYTES, { timestamp: NOW, message: PLAINTEXT });

const jwt = new Jwt(KEY);
const fernet = new Fernet(FERNET_KEY);
const spoilt = (token: string, at: number): string =>
  token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
const verifies = (token: unknown, policy = {}) => () =>
  new Jwt(KEY, policy).verify(token as string, { now: NOW });
const decrypts = (token: unknown, ttl?: number, now = NOW) => () =>
  fernet.decrypt(token as string, ttl === undefined ? {} : { ttl, now });

type Row = [what: string, call: (token: string) => unknown, token?: string, claim?: string];

const MESSAGES: Record<all.TokenErrorCode | all.SessionErrorCode, string> = {
  ERR_ENCODING: "not base64url: alphabet, length, padding or trailing bits",
  ERR_TOKEN_MALFORMED: "not a token: its parts, UTF-8 or JSON are malformed",
  ERR_TOKEN_TOO_LARGE: "the token is too large",
  ERR_TOKEN_SIGNATURE: "the signature does not match",
  ERR_TOKEN_ALGORITHM: 'the "alg" header is not HS256',
  ERR_TOKEN_CRITICAL: 'the "crit" and "b64" headers are not supported',
  ERR_TOKEN_EXPIRED: "the token has expired",
  ERR_TOKEN_NOT_ACTIVE: "the token is not active yet",
  ERR_TOKEN_CLAIM: "a claim is missing, of the wrong type, or does not match",
  ERR_TOKEN_INVALID: "the token is invalid",
  ERR_SESSION_TOO_LARGE: "the session cookie's name and value exceed 4096 bytes",
  ERR_SESSION_DATA: "the session holds data that JSON, or its seal, cannot hold",
  ERR_SESSION_HEADERS_SENT: "the session changed after the headers were sent",
  ERR_SESSION_REVOCATION: "the revocation list could not be asked or told",
};
