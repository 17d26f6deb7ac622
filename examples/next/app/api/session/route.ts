import { type NextRequest, NextResponse } from "next/server";
import { visitors } from "../../../session";

export const GET = visitors.wrap((request: NextRequest, { user, visits, expiresAt }) =>
  NextResponse.json({ user, visits, expiresAt, path: request.nextUrl.pathname }),
);

/** Forgets the message that has been shown. */
export const DELETE = visitors.wrap((_request: NextRequest, session) => {
  delete session.flash;
  return new NextResponse(null, { status: 204 });
});
