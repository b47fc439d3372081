import { utf8Encode } from "../base/bytes.js";
import { ShoalError } from "../base/errors.js";

/** Whose rules a name must keep to become a path. */
export type NamePlatform = "posix" | "windows";

/** What the usual file systems allow for one component (ext4, APFS, NTFS: 255). */
export const MAX_NAME_BYTES = 255;

/** Names of our own state files begin so: a share must not be able to forge or overwrite one. */
export const RESERVED_PREFIX = ".shoal-";

const CONTROL = /\p{Cc}/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
const WINDOWS_FORBIDDEN = /[<>:"|?*]/;
/** Devices, whatever the extension; Windows takes superscript digits for digits. */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;

/**
 * Returns `name` unchanged when it can be one component of a path on `platform`; throws ShoalError("unsafe-name")
 * otherwise. It rejects and never repairs: two names that are repaired to the same one would overwrite each other.
 */
export function safeName(name: string, platform: NamePlatform): string {
  const problem = problemWith(name) ?? (platform === "windows" ? windowsProblemWith(name) : undefined);
  if (problem !== undefined) throw new ShoalError("unsafe-name", `Unsafe name "${displayName(name)}": ${problem}`);
  return name;
}

function problemWith(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name === "." || name === "..") return "it names a folder itself";
  if (/[/\\]/.test(name)) return "it holds a path separator";
  if (CONTROL.test(name)) return "it holds a control character";
  if (LONE_SURROGATE.test(name)) return "it is not valid Unicode";
  if (utf8Encode(name).length > MAX_NAME_BYTES) return `it has more than ${MAX_NAME_BYTES} bytes`;
  if (name.toLowerCase().startsWith(RESERVED_PREFIX)) return `names with ${RESERVED_PREFIX} are reserved`;
  return undefined;
}

function windowsProblemWith(name: string): string | undefined {
  if (WINDOWS_FORBIDDEN.test(name)) return 'Windows allows none of < > : " | ? *';
  if (WINDOWS_DEVICE.test(name)) return "it is a device on Windows";
  if (/[. ]$/.test(name)) return "Windows drops a dot or space at the end";
  return undefined;
}

/** Controls, line separators, bidirectional overrides and everything else that takes no room of its own; emoji variants stay. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Surrogate}\p{Zl}\p{Zp}]|(?![\u{fe0e}\u{fe0f}])\p{Default_Ignorable_Code_Point}/gu;

/** `name` for terminals and logs: what would be invisible or steer the terminal is written as \u{…}. */
export function displayName(name: string): string {
  return name.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
