import { ShoalError } from "@shoal/peer-core";

/** A failure reason is a sentence; what is longer is cut. */
const MAX_REASON_CHARACTERS = 300;

/** The error for a tracker that says why it does not serve us, in whatever bytes; `retryAfterMs`: when to ask again. */
export function refusal(reason: Uint8Array, retryAfterMs?: number): ShoalError {
  const text = new TextDecoder().decode(reason.subarray(0, 4 * MAX_REASON_CHARACTERS));
  return new ShoalError("tracker", `says: ${text.slice(0, MAX_REASON_CHARACTERS)}`, { retryAfterMs });
}

/** `error` with the tracker's name before it; anything that is not ours becomes ShoalError("tracker"). */
export function trackerError(label: string, error: unknown): ShoalError {
  const { message, retryAfterMs } = asTrackerError(error);
  return new ShoalError("tracker", `Tracker ${label} ${message}`, { cause: error, retryAfterMs });
}

function asTrackerError(error: unknown): { readonly message: string; readonly retryAfterMs?: number | undefined } {
  return error instanceof ShoalError ? error : { message: `cannot be reached: ${reasonOf(error)}` };
}

/** Node's error for a name with several addresses has a code and no text. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
