/** Pass keys have 32 characters or more; words in a path have fewer. */
const KEY_LENGTH = 16;

/** How a tracker is called in messages: its URL without what could be a pass key. */
export function trackerLabel(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname, search } = new URL(url);
  const path = pathname
    .split("/")
    .map((part) => (part.length < KEY_LENGTH ? part : "…"))
    .join("/");
  return `${protocol}//${host}${path}${search === "" ? "" : "?…"}`;
}
