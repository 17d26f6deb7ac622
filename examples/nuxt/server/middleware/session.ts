/** One session a request, for every route and for the page: `event.node.req.session`. */

export default fromNodeMiddleware(visitors.middleware);
