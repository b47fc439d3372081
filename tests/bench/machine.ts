import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** File systems by the number that statfs(2) gives them. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x01021994: "tmpfs",
  0x794c7630: "overlayfs",
};

/** What the figures depend on, in one line: cores, memory, kernel, disk, Node. */
export async function describeMachine(folder: string): Promise<string> {
  const model = cpus()[0]?.model.trim() ?? "processor unknown";
  const fileSystem = (await statfs(folder)).type;
  return [
    `${availableParallelism()} cores (${model})`,
    `${(totalmem() / 1024 ** 3).toFixed(1)} GiB memory`,
    `${type()} ${release()}`,
    `files on ${FILE_SYSTEMS[fileSystem] ?? `file system 0x${fileSystem.toString(16)}`}`,
    `Node ${process.version}`,
  ].join(", ");
}
