/** GraphQL Yoga: `middleware` in front of it, and every resolver has `req.session`. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { sessions } from "bulla/session";
import { createSchema, createYoga } from "graphql-yoga";
import { greet, login, logout, note, options, port } from "./actions.ts";

const schema = createSchema<{ req: IncomingMessage; res: ServerResponse }>({
  typeDefs: `
    type Me { user: String, notes: [String!] }
    type Query { me: Me! }
    type Mutation { greet: String!, login: String!, note(text: String!): [String!]!, logout: String! }
  `,
  resolvers: {
    Query: { me: (_root, _args, { req }) => req.session },
    Mutation: {
      greet: (_root, _args, { req }) => greet(req.session),
      login: (_root, _args, { req }) => login(req.session, "Tom"),
      note: (_root, { text }, { req }) => note(req.session, text),
      logout: (_root, _args, { req }) => logout(req.session),
    },
  },
});

const yoga = createYoga({ schema });
const { middleware } = sessions(options);
const server = createServer((req, res) => {
  middleware(req, res, (error) => (error ? res.writeHead(503).end() : yoga(req, res)));
});
server.listen(port, () => console.log(`http://localhost:${port}`));
