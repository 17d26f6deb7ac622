import type { VisitSession } from "./lib/server/session.ts";

declare global {
  namespace App {
    interface Locals {
      session: VisitSession;
    }
  }
}
