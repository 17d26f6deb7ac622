/** The libraries that bulla is timed against, as spec/interop/package.json has them. */

import type { KeyObject } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../interop/package.json", import.meta.url));

export type Claims = Record<string, unknown>;

interface FastJwt {
  createSigner(options: { key: string; noTimestamp?: boolean }): (claims: Claims) => string;
  createVerifier(options: { key: string }): (token: string) => Claims;
}

interface JsonWebToken {
  sign(claims: Claims, key: KeyObject, options?: { noTimestamp?: boolean }): string;
  verify(token: string, key: KeyObject, options: { algorithms: string[] }): Claims;
}

type JoseKey = Uint8Array | CryptoKey;
type CryptoKey = import("node:crypto").webcrypto.CryptoKey;

interface SignJwt {
  setProtectedHeader(header: { alg: string; typ: string }): SignJwt;
  setIssuedAt(): SignJwt;
  sign(key: JoseKey): Promise<string>;
}

interface Jose {
  SignJWT: new (claims: Claims) => SignJwt;
  jwtVerify(
    token: string,
    key: JoseKey,
    options: { algorithms: string[] },
  ): Promise<{ payload: Claims }>;
}

interface FernetNodejs {
  Fernet: new (key: string) => { encrypt(text: string): string; decrypt(token: string): string };
}

interface FernetNpm {
  Secret: new (key: string) => object;
  Token: new (options: {
    secret: object;
    token?: string;
    ttl?: number;
  }) => {
    encode(message: string): string;
    decode(): string;
  };
}

type CookieSession = (options: { name: string; keys: string[] }) => Middleware;

export type Middleware = (req: object, res: object, next: () => void) => void;

interface IronSession {
  sealData(data: object, options: { password: string }): Promise<string>;
  getIronSession(
    req: object,
    res: object,
    options: { password: string; cookieName: string },
  ): Promise<Claims & { save(): Promise<void> }>;
}

/** A module as its authors ship it: `import` for ESM, which a loader may rewrite when required. */
async function load<T>(name: string): Promise<T> {
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as { default?: unknown };
  return (module.default ?? module) as T;
}

export function versionOf(name: string): string {
  const found = require.resolve.paths(name)?.[0];
  return (require(`${found}/${name}/package.json`) as { version: string }).version;
}

export const pathOf = (name: string): string => pathToFileURL(require.resolve(name)).href;

export const fastJwt: FastJwt = await load("fast-jwt");
export const jsonwebtoken: JsonWebToken = await load("jsonwebtoken");
export const jose: Jose = await load("jose");
export const fernetNodejs: FernetNodejs = await load("fernet-nodejs");
export const fernet: FernetNpm = await load("fernet");
export const cookieSession: CookieSession = await load("cookie-session");
export const ironSession: IronSession = await load("iron-session");
