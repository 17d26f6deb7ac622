/** /go opens it, once the head of the waiting page has come. */

export const gate = Promise.withResolvers<void>();
