import { describe, expect, it } from "vitest";
import type { ClientAddress } from "./client-address.js";
import { DEFAULT_PEER_LIMITS, PeerAdmission, type PeerLimits, type PeerTicket } from "./peer-admission.js";

class Door {
  now = 0;
  readonly admission: PeerAdmission;

  constructor(limits: Partial<PeerLimits> = {}) {
    this.admission = new PeerAdmission({ ...DEFAULT_PEER_LIMITS, ...limits }, () => this.now);
  }

  enter(address: string, isLocal = false): PeerTicket {
    const ticket = this.try(address, isLocal);
    if (typeof ticket === "string") throw new Error(ticket);
    return ticket;
  }

  try(address: string, isLocal = false): PeerTicket | string {
    const client: ClientAddress = { address, isLocal };
    return this.admission.admit(client);
  }
}

describe("PeerAdmission", () => {
  it("takes 20 new links a second from an address, others unaffected", () => {
    const door = new Door();
    for (let i = 0; i < 20; i++) door.enter("192.0.2.1").handshaken();
    expect(door.try("192.0.2.1")).toContain("new links");
    door.enter("192.0.2.2");
    door.now += 50;
    door.enter("192.0.2.1").handshaken();
    expect(door.try("192.0.2.1")).toContain("new links");
  });

  it("takes 256 links from an address, or from a /64, and again when one has gone", () => {
    const door = new Door();
    const tickets: PeerTicket[] = [];
    for (let i = 0; i < 256; i++) {
      const ticket = door.enter(`2001:db8::${i.toString(16)}`);
      ticket.handshaken();
      tickets.push(ticket);
      door.now += 50;
    }
    expect(door.try("2001:db8::ffff")).toContain("Too many links");
    door.enter("2001:db8:0:1::1");
    tickets[7]?.release();
    door.enter("2001:db8::ffff");
  });

  it("takes 64 links without a handshake in all and 24 of one address, until they handshake or go", () => {
    const door = new Door({ newPerSecond: 100 });
    const first = Array.from({ length: 24 }, () => door.enter("192.0.2.1"));
    expect(door.try("192.0.2.1")).toContain("from this address");
    for (let i = 0; i < 40; i++) door.enter(`198.51.100.${i}`);
    expect(door.try("203.0.113.1")).toContain("without a handshake");
    first[0]?.handshaken();
    door.enter("203.0.113.1");
    expect(door.try("203.0.113.2")).toContain("without a handshake");
    first[1]?.release();
    door.enter("203.0.113.2");
    expect(door.admission.counts).toEqual({ open: 65, withoutHandshake: 64, refused: 3 });
  });

  it("holds this machine to the total only", () => {
    const door = new Door({ total: 500 });
    for (let i = 0; i < 500; i++) door.enter("127.0.0.1", true);
    expect(door.try("127.0.0.1", true)).toContain("all the links");
    expect(door.try("192.0.2.1")).toContain("all the links");
  });

  it("counts each release and handshake once", () => {
    const door = new Door();
    const ticket = door.enter("192.0.2.1");
    door.enter("192.0.2.1");
    for (let i = 0; i < 3; i++) {
      ticket.handshaken();
      ticket.release();
    }
    expect(door.admission.counts).toEqual({ open: 1, withoutHandshake: 1, refused: 0 });
  });

  it("forgets idle addresses, and no others", () => {
    const door = new Door({ total: 1_000_000, withoutHandshake: 1_000_000, perAddress: 1 });
    door.enter("192.0.2.1");
    for (let i = 0; i < 20_000; i++) {
      door.enter(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`).release();
      door.now += 1;
    }
    expect(door.admission.knownAddresses).toBeLessThan(6_000);
    expect(door.try("192.0.2.1")).toContain("Too many links");
  });
});
