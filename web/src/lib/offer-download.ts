/** Object URLs must outlive the start of their download; a Blob that is backed by a file takes no memory meanwhile. */
const URL_LIFETIME_MS = 10 * 60_000;

/** Hands `blob` to the browser as an ordinary download named `name`. */
export function offerDownload(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), URL_LIFETIME_MS);
}
