/** Opened by /go, when the head of the page that waits has come. */

export const gate = Promise.withResolvers<void>();
