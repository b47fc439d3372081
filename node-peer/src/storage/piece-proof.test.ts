import { expectRejection } from "@shoal/peer-core/testing";
import { beforeEach, expect, it } from "vitest";
import { PieceProof } from "./piece-proof.js";
import { countingVerifier, FIXTURE_PIECE, makeShare, pieceBytes, type ShareFixture } from "./share-fixture.js";

let share: ShareFixture;
let verifier: ReturnType<typeof countingVerifier>;
let proof: PieceProof;
/** What the disk gives. */
let content: Uint8Array;

beforeEach(async () => {
  share = await makeShare("film.bin", 3 * FIXTURE_PIECE);
  verifier = countingVerifier(share);
  proof = new PieceProof(share.metainfo.geometry, verifier.verifyPiece);
  content = share.content.slice();
});

function prove(index: number): Promise<void> {
  const piece = share.metainfo.geometry.pieceIndex(index);
  return proof.prove(piece, (into) => {
    into.set(pieceBytes({ ...share, content }, index));
    return Promise.resolve();
  });
}

it("reads nothing as long as nothing was found to have changed", async () => {
  await prove(0);
  expect(verifier.count).toBe(0);
});

it("hashes each piece once from then on, and again after the next complaint", async () => {
  proof.begin();
  await Promise.all([prove(0), prove(0), prove(1)]);
  expect(verifier.count).toBe(2);
  proof.begin();
  await prove(0);
  expect(verifier.count).toBe(3);
});

it("hashes again what was wrong, as it may have been written anew meanwhile", async () => {
  proof.begin();
  content[FIXTURE_PIECE + 3] = (content[FIXTURE_PIECE + 3] ?? 0) ^ 1;
  await expectRejection(prove(1), "disk", "Piece 1");
  content.set(share.content);
  await prove(1);
});
