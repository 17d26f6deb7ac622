/** Connect: `middleware` gives every request `req.session`, which opens when it is touched. */

import { sessions } from "bulla/session";
import connect from "connect";
import { act, options, port } from "./actions.ts";

const app = connect();
app.use(sessions(options).middleware);

app.use((req, res) => {
  const { status, headers, text } = act(req.session, `${req.method} ${req.url}`);
  res.writeHead(status, headers).end(text);
});

app.listen(port, () => console.log(`http://localhost:${port}`));
