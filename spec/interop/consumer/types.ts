// Compiles the declarations in a strict program, as an ES module, as CommonJS and for a bundler.
// It is never run.

import { createServer, type IncomingMessage } from "node:http";
import { ConfigError, type CookieAttributes, type Seal, SessionError, TokenError } from "bulla";
import { type AsgiSessionOptions, asgiSessions } from "bulla/asgi";
import { decode, encode } from "bulla/base64url";
import { readCookies, serializeCookie } from "bulla/cookie";
import { Fernet, type FernetKey } from "bulla/fernet";
import { decodeUnverified, Jwt, type JwtKey, type JwtPolicy } from "bulla/jwt";
import { memoryRevocation, type SessionOptions, type SessionSource, sessions } from "bulla/session";

declare module "bulla/session" {
  interface SessionData {
    user?: string;
    visits?: number;
  }
}

const text: string = encode(new Uint8Array(3), { padding: true });
const bytes: Uint8Array = decode(text);
// @ts-expect-error: a misspelt option
decode(text, { pading: true });

const asgiOptions: AsgiSessionOptions = { type: "jwt", secret: [text], maxAge: 60 };
export const shared: { readonly user?: string } = asgiSessions<{ user?: string }>(asgiOptions).read(
  "",
);
// @ts-expect-error: type is missing
asgiSessions({ secret: text });
// @ts-expect-error: revocation is not an option
asgiSessions({ ...asgiOptions, revocation: undefined });
// @ts-expect-error: data with a member's name
asgiSessions<{ id: string }>(asgiOptions);

const key: JwtKey = { kty: "oct", k: text, kid: "2026" };
const policy: JwtPolicy = { issuer: "me", audience: ["a", "b"], expiresIn: 60 };
const jwt = new Jwt<{ sub: string; admin?: boolean }>([key, bytes], policy);
const { admin, sub }: { admin?: boolean; sub: string } = jwt.verify(jwt.sign({ sub: text }));
const { header, claims } = decodeUnverified(text);
// @ts-expect-error: claims that are not the declared ones
jwt.sign({ admin });
// @ts-expect-error: a key is missing
new Jwt();
// @ts-expect-error: another key type
new Jwt({ kty: "RSA", k: sub });

const fernetKey: FernetKey = Fernet.generateKey();
const fernet = new Fernet([fernetKey]);
const message: Uint8Array = fernet.decrypt(fernet.encrypt(bytes, { now: 1 }), { ttl: 60 });
const time: number = fernet.timestamp(
  fernet.rotate(fernet.encrypt(claims.sub ?? String(header.alg))),
);
// @ts-expect-error: a misspelt option
fernet.decryptText(text, { tll: 60 });
// @ts-expect-error: bytes are not text
const wrong: string = fernet.decrypt(text);

const attributes: CookieAttributes = { sameSite: "lax", secure: true, maxAge: time };
const cookies: string[] = readCookies(serializeCookie("name", text, attributes), "name");
// @ts-expect-error: an unknown attribute
serializeCookie("name", text, { httponly: true });

const seal: Seal = { seal: (payload) => payload, open: () => ({ code: "ERR_OWN" }) };
const options: SessionOptions = {
  secret: () => [message, wrong],
  type: "jwt",
  maxAge: 3600,
  longestAge: 7200,
  renewAfter: false,
  revocation: memoryRevocation({ only: ({ data }) => data.user !== undefined }),
};
const { attach, edit, issue, load, middleware, read, wrap } = sessions<{ cart: string[] }>({
  seal,
});

export const server = createServer((req, res) => {
  sessions(options).middleware(req, res, () => {
    req.session.user = "Nanni";
    req.session.visits = (req.session.visits ?? 0) + 1;
    void req.session.regenerate().then(() => req.session.touch({ maxAge: 7200 }));
    // @ts-expect-error: not declared
    req.session.admin = true;
    req.session = null;
  });
  middleware(req, res, (error?: unknown) => res.end(String(error)));
  const session = attach(req, res);
  session.cart.push(...cookies);
  const expires: number = session.expiresAt;
  res.setHeader("X-Expires", expires);
  // @ts-expect-error: read only
  session.id = text;
  const ended: Promise<void> = session.destroy((error) => res.end(error?.code));
  void ended;
});

const { id, setCookie }: { id: string; setCookie: string } = issue({ cart: [] });
export const edited: Promise<number> = edit(
  { get: () => id, set: (_name, value) => value },
  (session) => session.cart.push(setCookie),
);
export const opened = (source: SessionSource): boolean => read(source).isNew;

export async function readOnly(request: IncomingMessage): Promise<string[]> {
  const { cart } = await load(request);
  const { isNew }: { isNew: boolean } = read(request.headers.cookie);
  // @ts-expect-error: there is no response to write it with
  read(request).destroy();
  return isNew ? [] : [...cart];
}

export const handler: (request: Request, id: number) => Promise<Response> = wrap(
  async (request: Request, session, id: number) => {
    session.cart = [request.url, String(id)];
    return Response.json(session.cart);
  },
);

// @ts-expect-error: data with a member's name
sessions<{ destroy: boolean }>(options);

export function code(error: unknown): string | undefined {
  if (error instanceof TokenError) {
    const known: "ERR_TOKEN_CLAIM" | undefined =
      error.code === "ERR_TOKEN_CLAIM" ? error.code : undefined;
    return known ?? error.claim;
  }
  if (error instanceof SessionError && error.code === "ERR_SESSION_UNSENT") return "late";
  // @ts-expect-error: an unknown code
  if (error instanceof SessionError && error.code === "ERR_SESSION_HEADERS_SENT") return "late";
  if (error instanceof SessionError) return `${error.status} ${error.statusCode} ${error.code}`;
  return error instanceof ConfigError ? error.code : undefined;
}
