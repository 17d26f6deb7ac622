/** NestJS on Express: `middleware`, and `@Session()`. */

import { NestFactory } from "@nestjs/core";
import { sessions } from "bulla/session";
import { options, port } from "./actions.ts";
import { App } from "./nestjs-visits.ts";

const app = await NestFactory.create(App, { logger: ["error"] });
app.use(sessions(options).middleware);
await app.listen(port);
console.log(`http://localhost:${port}`);
