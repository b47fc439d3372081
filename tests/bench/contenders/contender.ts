import type { MeasuredProcess } from "../process/measured-process.js";

/** A file with its metainfo, in the folder that seeders serve from. */
export interface Share {
  /** Its folder; the file is called `name` there. */
  readonly folder: string;
  readonly name: string;
  readonly bytes: number;
  readonly pieceLength: number;
  /** Its `.torrent` file, without trackers. */
  readonly torrent: string;
  /** 40 hexadecimal digits. */
  readonly infoHash: string;
}

/** Somebody who has the whole share, has checked it, and listens. */
export interface Seeder {
  readonly process: MeasuredProcess;
  readonly port: number;
}

/** Somebody who has just been started to get a share, from nothing, and ends once he has it. */
export interface Download {
  readonly process: MeasuredProcess;
  /** Resolves when the program says, or shows by ending well, that everything is verified and in its file. */
  readonly complete: Promise<void>;
}

/** A peer that has one share and shall get another. */
export interface Exchanger extends Seeder {
  /** Starts to get the other share from a peer at this port of loopback; resolves when it has it. */
  get(from: Exchanger): Promise<void>;
}

/** A program that carries files, as it is measured. */
export interface Contender {
  /** In the tables. */
  readonly name: string;
  readonly isOurs: boolean;
  /** Makes ready what is needed once; resolves with its version, rejects with what is missing. */
  open(): Promise<string>;
  /** Resolves when the seeder is ready; `place` tells the seeders of one run apart. */
  seed(share: Share, place: number): Promise<Seeder>;
  /** Starts to get the share from all of `seeders`, which it is told directly, as `into`/NAME. */
  download(share: Share, seeders: readonly Seeder[], into: string): Download;
  /** Starts a peer that has `has` and will get `wants` into the folder `into`; absent: it is not measured like that. */
  readonly exchange?: (has: Share, wants: Share, into: string) => Promise<Exchanger>;
  /** Ends what `open` started. */
  close(): Promise<void>;
}
