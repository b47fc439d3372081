import { isShoalError, type ErrorCode } from "@shoal/peer-core";
import { UsageError } from "./usage-error.js";

/** What the command's exit codes mean; documented in docs/command.md. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  nobodyHasIt: 4,
  wrongContent: 5,
  disk: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const exitCodes: Readonly<Record<ErrorCode, ExitCode>> = {
  bencode: EXIT.failed,
  metainfo: EXIT.failed,
  "unsafe-name": EXIT.failed,
  link: EXIT.usage,
  wire: EXIT.failed,
  "bad-content": EXIT.wrongContent,
  connection: EXIT.failed,
  tracker: EXIT.failed,
  "not-found": EXIT.notFound,
  "no-peers": EXIT.nobodyHasIt,
  disk: EXIT.disk,
  "disk-full": EXIT.disk,
  exists: EXIT.disk,
  source: EXIT.failed,
  "source-changed": EXIT.failed,
  limit: EXIT.failed,
  aborted: EXIT.interrupted,
};

/** The exit code that anything thrown ends the process with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (isShoalError(error)) return exitCodes[error.code];
  return EXIT.failed;
}

/** The stable `code` of an `error` event for anything thrown. */
export function errorCodeOf(error: unknown): ErrorCode | "usage" | "internal" {
  if (error instanceof UsageError) return "usage";
  return isShoalError(error) ? error.code : "internal";
}
