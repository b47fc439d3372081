/** Pickers that only some browsers have, and only on secure pages; TypeScript's library does not know them. */
interface Pickers {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
  showDirectoryPicker?: (options: { mode: "readwrite" }) => Promise<FileSystemDirectoryHandle>;
}

const pickers = globalThis as unknown as Pickers;

/** Whether a place on the disk can be picked to save to. */
export function canPick(kind: "file" | "folder"): boolean {
  return (kind === "file" ? pickers.showSaveFilePicker : pickers.showDirectoryPicker) !== undefined;
}

/** The place that the person picks; undefined when they think better of it. To be called on a click. */
export async function pickTarget(
  kind: "file" | "folder",
  suggestedName: string,
): Promise<FileSystemFileHandle | FileSystemDirectoryHandle | undefined> {
  try {
    return kind === "file"
      ? await pickers.showSaveFilePicker?.({ suggestedName })
      : await pickers.showDirectoryPicker?.({ mode: "readwrite" });
  } catch {
    // Cancelled, or a folder that the browser protects: the ordinary download is still there.
    return undefined;
  }
}
