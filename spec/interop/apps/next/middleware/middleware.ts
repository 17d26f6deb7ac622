import { type NextRequest, NextResponse } from "next/server";
import { visitors } from "./session";

/** As in Next 15: `wrap` before every page. */
export const middleware = visitors.wrap((request: NextRequest, session) => {
  const { pathname, searchParams } = request.nextUrl;
  if (searchParams.has("visit")) session.visits = (session.visits ?? 0) + 1;
  if (searchParams.has("big")) session.notes = ["x".repeat(5000)];
  if (pathname === "/gate") return NextResponse.redirect(new URL("/", request.url), 303);
  return NextResponse.next();
});

export const config = { runtime: "nodejs", matcher: ["/still", "/shell", "/gate"] };
