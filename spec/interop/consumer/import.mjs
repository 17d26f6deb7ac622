import * as all from "bulla";
import * as asgi from "bulla/asgi";
import * as base64url from "bulla/base64url";
import * as cookie from "bulla/cookie";
import * as fernet from "bulla/fernet";
import * as jwt from "bulla/jwt";
import * as session from "bulla/session";
import { use } from "./use.mjs";

await use({ all, asgi, base64url, cookie, fernet, jwt, session });
console.log("used");
