import { isShoalError, messageOf, ShoalError } from "@shoal/peer-core/torrent";

/** What the browser's storage threw, as the port of piece stores has it: "disk-full" or "disk". */
export function asDiskError(error: unknown): ShoalError {
  if (isShoalError(error)) return error;
  const isFull = error instanceof Error && error.name === "QuotaExceededError";
  return new ShoalError(isFull ? "disk-full" : "disk", messageOf(error), { cause: error });
}
