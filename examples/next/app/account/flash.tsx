"use client";

import { useEffect } from "react";

/** A page cannot delete the message that it shows, so the browser asks for it. */
export function Flash({ text }: { text: string }) {
  useEffect(() => {
    if (text !== "") void fetch("/api/session", { method: "DELETE" });
  }, [text]);
  return <output>{text}</output>;
}
