export default defineEventHandler((event) => {
  event.node.req.session.user = "Inner";
  return "inner";
});
