"use server";

import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { visitors } from "../session";

export async function login(form: FormData): Promise<void> {
  await visitors.edit(await cookies(), async (session) => {
    await session.regenerate(); // a new id, and no data
    session.user = String(form.get("user")); // check a password first
    session.flash = "Welcome.";
    redirect("/account");
  });
}

export async function addNote(form: FormData): Promise<void> {
  await visitors.edit(await cookies(), (session) => {
    if (session.user === undefined) redirect("/"); // an action can be called by anybody
    session.notes ??= [];
    session.notes.push(String(form.get("note")));
  });
}

export async function logout(): Promise<void> {
  await visitors.edit(await cookies(), async (session) => {
    await session.destroy();
    redirect("/");
  });
}
