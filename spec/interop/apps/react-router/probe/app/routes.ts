import { type RouteConfig, route } from "@react-router/dev/routes";
import example from "./example-routes";

export default [
  ...example,
  route("probe", "probe.tsx"),
  route("late", "late.tsx"),
  route("notes/:id", "note.ts"),
  route("legacy", "legacy.tsx"),
] satisfies RouteConfig;
