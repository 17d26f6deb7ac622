const { use } = require("./use.mjs");

use({
  all: require("bulla"),
  asgi: require("bulla/asgi"),
  base64url: require("bulla/base64url"),
  cookie: require("bulla/cookie"),
  fernet: require("bulla/fernet"),
  jwt: require("bulla/jwt"),
  session: require("bulla/session"),
}).then(() => console.log("used"));
