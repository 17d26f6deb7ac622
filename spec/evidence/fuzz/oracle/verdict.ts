/**
 * What an input has to give: a value, or a refusal for one of these faults. There are several where
 * an input has several and no clause says which comes first.
 */
export type Verdict<T> = { readonly value: T } | Faults;

/** Codes; `ERR_TOKEN_CLAIM` with the claim's name behind a space. */
export interface Faults {
  readonly faults: readonly string[];
}

export function refuse(...faults: string[]): Faults {
  return { faults };
}
