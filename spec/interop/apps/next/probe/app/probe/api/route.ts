import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { type NextRequest, NextResponse } from "next/server";
import { visitors } from "../../../session";

const store = visitors.wrap((_request: NextRequest, session) => {
  session.notes = [...(session.notes ?? []), "inner"];
  return new Response();
});

export const GET = visitors.wrap(async (request: NextRequest, session) => {
  switch (request.nextUrl.searchParams.get("do")) {
    case "nested":
      session.notes = ["outer"];
      await store(request);
      return NextResponse.json(session.notes);
    case "oversized":
      session.notes = ["x".repeat(5000)];
      return NextResponse.json("too much");
    case "redirect":
      session.notes = ["lost"];
      return redirect("/probe");
    case "NextResponse":
      session.notes = ["carried"];
      return NextResponse.redirect(new URL("/probe", request.url), 303);
    case "Response":
      session.notes = ["carried"];
      return Response.redirect(new URL("/probe", request.url), 303);
    case "both":
      (await cookies()).set("own", "1");
      session.notes = ["both"];
      return NextResponse.json("both");
    case "edit-too":
      session.notes = ["of wrap"];
      await visitors.edit(await cookies(), (other) => {
        other.notes = ["of edit"];
      });
      return NextResponse.json("edit too");
    case "stream": {
      const body = new ReadableStream(
        {
          async pull(controller) {
            session.notes = ["late"];
            try {
              session.save();
            } catch (error) {
              controller.enqueue(new TextEncoder().encode(String(error)));
            }
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body);
    }
    default:
      return NextResponse.json({ user: session.user ?? null });
  }
});

/** A redirect that carries the session: `edit` knows Next's. */
export async function POST(): Promise<Response> {
  await visitors.edit(await cookies(), async (session) => {
    await session.regenerate();
    session.user = "ann";
    redirect("/probe");
  });
  return new Response();
}
