declare namespace App {
  interface Locals {
    session: import("./session.ts").VisitSession;
  }
}
