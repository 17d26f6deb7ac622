/**
 * The expected result of an input: a value, or a refusal for one of these faults. There are several faults where
 * an input has several and no clause says which comes first.
 */
export type Verdict<T> = { readonly value: T } | Faults;

/** Codes; `ERR_TOKEN_CLAIM` is followed by a space and the claim's name. */
export interface Faults {
  readonly faults: readonly string[];
}

export function refuse(...faults: string[]): Faults {
  return { faults };
}
