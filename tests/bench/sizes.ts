export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

/** `64 MiB`, `8 GiB`. */
export function formatSize(bytes: number): string {
  return bytes % GIB === 0 ? `${bytes / GIB} GiB` : `${bytes / MIB} MiB`;
}
