/** Uses of sessions that must not compile: each line under its directive is an error of `tsc -p spec`. */

import http from "node:http";
import { type SessionOptions, sessions } from "../../../src/session.ts";

const secret = new Uint8Array(32);
const visitors = sessions<{ visits?: number; user?: { name: string } }>({ secret });

// Data with a member's name, whatever its type, optional or not.
// @ts-expect-error
sessions<{ id: string }>({ secret });
// @ts-expect-error
sessions<{ id?: string; visits: number }>({ secret });
// @ts-expect-error
sessions<{ isNew: boolean }>({ secret });
// @ts-expect-error
sessions<{ createdAt: number }>({ secret });
// @ts-expect-error
sessions<{ expiresAt?: Date }>({ secret });
// @ts-expect-error
sessions<{ regenerate: boolean }>({ secret });
// @ts-expect-error
sessions<{ destroy(): void }>({ secret });
// @ts-expect-error
sessions<{ save: unknown }>({ secret });
// @ts-expect-error
sessions<{ touch: string[] }>({ secret });
// @ts-expect-error
sessions<string>({ secret });
// @ts-expect-error
sessions<null>({ secret });

http.createServer((req, res) => {
  const session = visitors.attach(req, res);
  // @ts-expect-error
  session.visits = "1";
  // @ts-expect-error
  session.visitors = 1;
  // @ts-expect-error
  session.id = "x";
  // @ts-expect-error
  session.isNew = true;
  // @ts-expect-error
  session.expiresAt = 0;
  // @ts-expect-error
  session.user.name = "tom";
  // @ts-expect-error
  void session.regenerate(7);
  // @ts-expect-error
  session.save((error: string) => error);
  // @ts-expect-error
  session.touch(1);
  // @ts-expect-error
  session.touch({ maxage: 60 });
  // @ts-expect-error
  session.touch({ maxAge: "60" });
  // @ts-expect-error
  session.touch({ persistent: 1 });
  // @ts-expect-error
  session.regenerate().visits;
  const read = visitors.read(req);
  // @ts-expect-error
  read.visits = 1;
  // @ts-expect-error
  read.destroy();
  // @ts-expect-error
  read.save();
  // @ts-expect-error
  visitors.attach(req);
  // @ts-expect-error
  visitors.attach(new Request("https://example.org/"), res);
  // @ts-expect-error
  visitors.middleware(req, res);
  // @ts-expect-error
  req.session = undefined;
  // @ts-expect-error
  req.session = "text";
  // @ts-expect-error
  req.session = { clayTokens: "none" };
  // @ts-expect-error
  req.session = { unheardOf: 1 };
  // @ts-expect-error
  req.session.unheardOf = 1;
});

// @ts-expect-error
visitors.read(7);
// @ts-expect-error
visitors.read(null);
// @ts-expect-error
visitors.read({});
// @ts-expect-error
visitors.read({ get: () => 7 });
// @ts-expect-error
visitors.read(Promise.resolve(new Map<string, string>()));
// @ts-expect-error
visitors.load(7);
// @ts-expect-error
visitors.edit(new Map<string, number>(), () => 7);
// @ts-expect-error
visitors.edit({ get: () => "" }, () => 7);
// @ts-expect-error
visitors.issue();
// @ts-expect-error
visitors.issue("text");
// @ts-expect-error
visitors.issue({ visits: "1" });
// @ts-expect-error
visitors.issue({ visitors: 1 });
// @ts-expect-error
visitors.issue({}, 60);
// @ts-expect-error
visitors.issue({}, { maxage: 60 });
// @ts-expect-error
visitors.issue({}).value;
// @ts-expect-error
visitors.wrap(() => "text");
// @ts-expect-error
visitors.wrap((_request, session) => new Response(session.unheardOf));
// @ts-expect-error
visitors.wrap((_request, _session, id: string) => new Response(id))(new Request(""));
// @ts-expect-error
visitors.wrap((_request, _session, id: string) => new Response(id))(new Request(""), 7);
// A handler for a subclass of Request must be called with that subclass.
class OwnRequest extends Request {
  readonly own: string = "";
}
// @ts-expect-error
visitors.wrap((request: OwnRequest) => new Response(request.own))(new Request(""));
// @ts-expect-error
visitors.wrap((url: URL) => new Response(url.href));

// @ts-expect-error
sessions();
export const options: SessionOptions[] = [
  // @ts-expect-error
  { secret: 7 },
  // @ts-expect-error
  { secret: [7] },
  // @ts-expect-error
  { secret: () => 7 },
  // @ts-expect-error
  { secret: async () => secret },
  // @ts-expect-error
  { secret: [() => secret] },
  // @ts-expect-error
  { secret, type: "none" },
  // @ts-expect-error
  { secret, maxage: 60 },
  // @ts-expect-error
  { secret, maxAge: "60" },
  // @ts-expect-error
  { secret, renewAfter: true },
  // @ts-expect-error
  { secret, cookie: { httpOnly: false } },
  // @ts-expect-error
  { secret, cookie: { sameSite: "Lax" } },
  // @ts-expect-error
  { seal: { seal: (payload: string) => payload } },
  // @ts-expect-error
  { seal: { seal: async (payload: string) => payload, open: (text: string) => text } },
  // @ts-expect-error
  { secret, revocation: { isRevoked: () => "no", revoke() {} } },
  // @ts-expect-error
  { secret, clock: () => new Date() },
  // @ts-expect-error
  { secret, longestAge: "60" },
  // @ts-expect-error
  { secret, onInvalid: "warn" },
  // @ts-expect-error
  { secret, onInvalid: ({ code }) => code === "ERR_MINE" },
  // @ts-expect-error
  { secret, onError: ({ code }) => code === "ERR_SESSION_HEADERS_SENT" },
];
