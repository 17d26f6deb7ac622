import { createRouter } from "@tanstack/react-router";
import { routeTree } from "./routeTree.gen.ts"; // the build writes it

export const getRouter = () => createRouter({ routeTree });
