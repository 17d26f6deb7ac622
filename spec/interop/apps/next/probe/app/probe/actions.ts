"use server";

import { cookies } from "next/headers";
import { notFound } from "next/navigation";
import { visitors } from "../../session";

/** A helper with an `edit` of its own, inside another `edit`. */
async function remember(note: string): Promise<void> {
  await visitors.edit(await cookies(), (session) => {
    session.notes = [...(session.notes ?? []), note];
  });
}

export async function nested(): Promise<void> {
  await visitors.edit(await cookies(), async (session) => {
    session.notes = ["outer"];
    await remember("inner");
    session.notes.push("last");
  });
}

export async function oversized(): Promise<void> {
  await visitors.edit(await cookies(), (session) => {
    session.notes = ["x".repeat(5000)];
  });
}

export async function failing(): Promise<void> {
  await visitors.edit(await cookies(), (session) => {
    session.notes = ["lost"];
    throw new Error("the action failed");
  });
}

export async function failingLogout(): Promise<void> {
  await visitors.edit(await cookies(), async (session) => {
    await session.destroy();
    throw new Error("the action failed after the logout");
  });
}

export async function reading(): Promise<void> {
  await visitors.edit(await cookies(), (session) => {
    session.notes ??= [];
    if (session.notes.length === 0) delete session.notes;
  });
}

export async function twice(): Promise<void> {
  await remember("first");
  await remember("second");
}

export async function notThere(): Promise<void> {
  await visitors.edit(await cookies(), (session) => {
    session.notes = ["looked for"];
    notFound();
  });
}
