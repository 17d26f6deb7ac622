/** A NestJS controller: `@Session()` is the session, on Express and on Fastify alike. */

import "reflect-metadata";
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  Get,
  Module,
  Post,
  Session,
} from "@nestjs/common";
import { APP_FILTER } from "@nestjs/core";
import { SessionError, type Session as Visit } from "bulla/session";
import { greet, login, logout, note } from "./actions.ts";

@Controller()
class Visits {
  @Get() greet(@Session() session: Visit) {
    return greet(session);
  }
  @Get("me") me(@Session() { user, notes }: Visit) {
    return { user, notes };
  }
  @Post("login") login(@Session() session: Visit) {
    return login(session, "Tom");
  }
  @Post("note") note(@Session() session: Visit, @Body("text") text: string) {
    return note(session, text);
  }
  @Post("logout") logout(@Session() session: Visit) {
    return logout(session);
  }
}

/** Nest answers every foreign error with 500; a revocation list that cannot be asked or told is a 503. */
@Catch(SessionError)
class SessionFilter {
  catch({ status }: SessionError, host: ArgumentsHost) {
    host.switchToHttp().getResponse().status(status).send();
  }
}

@Module({ controllers: [Visits], providers: [{ provide: APP_FILTER, useClass: SessionFilter }] })
export class App {}
