/** Throws when our own reasoning is wrong: a bug, never a peer's fault. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}

/** Ends a `switch` over a union: does not compile while an alternative is unhandled. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
