/** Checks that two types are identical, and not only assignable: `any` does not pass. */

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? unknown : never;

/** `same<A>()(value)` compiles where the type of `value` is A. */
export function same<A>(): <B>(value: B & Same<A, B>) => void {
  return () => {};
}
