/** Uses every module once, after `import` or `require`. */

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";

export async function use({ all, asgi, base64url, cookie, fernet, jwt, session }) {
  const { decode, encode } = base64url;
  deepEqual(decode(encode(Uint8Array.of(3, 236, 255, 224, 193))), decode("A-z_4ME"));

  const token = new jwt.Jwt("k".repeat(32)).sign({ sub: "Ea-nasir" });
  equal(new all.Jwt("k".repeat(32)).verify(token).sub, "Ea-nasir");
  throws(() => new jwt.Jwt("j".repeat(32)).verify(token), all.TokenError);

  const key = fernet.Fernet.generateKey();
  const sealed = new fernet.Fernet(key).encrypt("copper");
  equal(new all.Fernet(key).decryptText(sealed, { ttl: 60 }), "copper");

  const secret = Buffer.from(base64url.decode(key, { padding: true }))
    .toString("base64")
    .slice(0, 32);
  const shared = asgi.asgiSessions({ type: "fernet", secret }).issue({ user: "Ea-nasir" });
  const [pair] = shared.setCookie.split(";");
  equal(all.asgiSessions({ type: "fernet", secret }).read(pair).user, "Ea-nasir");

  const handler = session.sessions({ secret: key }).wrap((_request, visitor) => {
    visitor.user = "Nanni";
    return new Response();
  });
  const response = await handler(new Request("https://example.org/"));
  const [header] = response.headers.getSetCookie();
  match(header, /^__Host-session=[\w-]+; Max-Age=1209600; Path=\/; .*HttpOnly/);
  const [value] = cookie.readCookies(header.slice(0, header.indexOf(";")), "__Host-session");
  const { user } = all.sessions({ secret: key }).read(`__Host-session=${value}`);
  equal(user, "Nanni");

  const revocation = session.memoryRevocation({ only: ({ data }) => data.user !== undefined });
  const visitors = session.sessions({ secret: key, revocation });
  const request = new Request("https://example.org/", { headers: { Cookie: header } });
  const left = await visitors.wrap(async (_request, visitor) => {
    await visitor.destroy();
    return new Response();
  })(request);
  match(left.headers.getSetCookie()[0], /^__Host-session=; Max-Age=0;/);
  equal(visitors.read(request).isNew, true);

  for (const inner of [
    "bulla/errors",
    "bulla/dist/jwt.js",
    "bulla/internal/jws",
    "bulla/src/jwt.ts",
  ]) {
    await rejects(import(inner), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  }
}
