/** Connect: `middleware` gives every request `req.session`. */

import { sessions } from "bulla/session";
import connect from "connect";
import { act, options, port } from "./actions.ts";

const app = connect();
app.use(sessions(options).middleware);

app.use((req, res, next) => {
  act(req.session, `${req.method} ${req.url}`)
    .then(({ status, headers, text }) => res.writeHead(status, headers).end(text))
    .catch(next);
});

app.listen(port, () => console.log(`http://localhost:${port}`));
