/** NestJS on Fastify: the plugin of fastify-session.ts, and `@Session()`. */

import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { options, port } from "./actions.ts";
import { session } from "./fastify-session.ts";
import { App } from "./nestjs-visits.ts";

const app = await NestFactory.create<NestFastifyApplication>(App, new FastifyAdapter(), {
  logger: ["error"],
});
await app.register(session, options);
await app.listen(port);
console.log(`http://localhost:${port}`);
