/** Counts visits, and renews the session of a visitor who only reads: a page cannot write a cookie. */

import type { CookieStore } from "bulla/session";
import { type NextRequest, NextResponse } from "next/server";
import { visitors } from "./session";

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const response = NextResponse.next();
  if (request.method !== "GET") return response; // an action writes its own cookie
  const store = {
    get: (name: string) => request.cookies.get(name),
    set: (...cookie: Parameters<CookieStore["set"]>) => response.cookies.set(...cookie),
  };
  await visitors.edit(store, (session) => {
    session.visits = (session.visits ?? 0) + 1;
  });
  return response;
}

export const config = {
  matcher: [{ source: "/", missing: [{ type: "header", key: "next-router-prefetch" }] }],
};
