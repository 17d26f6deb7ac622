import type { NextRequest } from "next/server";
import { visitors } from "../../../session";

/** A route with parameters: they come after the session, typed by the path. */
export const GET = visitors.wrap(
  async (_request: NextRequest, session, { params }: RouteContext<"/notes/[id]">) => {
    const { id } = await params;
    // @ts-expect-error: the parameters of another route
    void (await params).slug;
    // @ts-expect-error: a note is a string
    session.notes = [1];
    // @ts-expect-error: only what Visit declares
    session.role = "admin";
    session.notes = [id];
    delete (session as { role?: string }).role;
    return Response.json(session);
  },
);
