/** A worker that runs every vector in its bindings, and answers with the failures. */

import { type Case, hold } from "../../helpers/vectors.ts";

export interface Held {
  count: number;
  failed: string[];
}

export default {
  fetch(_request: Request, env: { VECTORS: Record<string, Case[]> }): Response {
    const failed: string[] = [];
    const cases = Object.values(env.VECTORS).flat();
    // In both orders, since one case must not change the verdict on the next.
    for (const vector of [...cases, ...cases.toReversed()]) {
      try {
        hold(vector);
      } catch (error) {
        failed.push(`${vector.source}: ${vector.name}: ${error}`);
      }
    }
    const held: Held = { count: cases.length, failed };
    return Response.json(held);
  },
};
