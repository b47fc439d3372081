import type { Metainfo } from "../torrent/metainfo.js";

/**
 * Where a web seed keeps a file of the share (BEP 19). A single file: the seed's URL, with the name behind it when it
 * ends in "/"; several: the URL, the share's name and the file's path. Undefined for an index or path that makes no URL.
 */
export function fileUrl(seedUrl: string, metainfo: Metainfo, file: number): string | undefined {
  const entry = metainfo.files[file];
  if (entry === undefined) return undefined;
  const seed = new URL(seedUrl);
  const isFolder = seed.pathname.endsWith("/");
  if (!metainfo.isMultiFile && !isFolder) return seed.href;
  const components = metainfo.isMultiFile ? [metainfo.name, ...entry.path] : [metainfo.name];
  // A URL's parser would take these for steps, encoded or not.
  if (components.some((component) => component === "." || component === "..")) return undefined;
  const path = `${seed.pathname}${isFolder ? "" : "/"}${components.map(encodeURIComponent).join("/")}`;
  return `${seed.origin}${path}${seed.search}`;
}
