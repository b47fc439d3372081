import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultyLine } from "./faulty-line.js";

let server: Server;
let line: FaultyLine;
let client: Socket;
let accepted: Socket;

beforeEach(async () => {
  server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  line = await FaultyLine.open("line", (server.address() as AddressInfo).port);
  const accepting = once(server, "connection");
  client = connect(line.port, "127.0.0.1");
  [accepted] = (await accepting) as [Socket];
  for (const socket of [client, accepted]) socket.on("error", () => undefined);
});

afterEach(async () => {
  client.destroy();
  accepted.destroy();
  await line.close();
  server.close();
});

async function heard(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes.toString();
}

test("a line carries both ways, and ends when one end ends", async () => {
  client.write("ping");
  expect(await heard(accepted)).toBe("ping");
  accepted.write("pong");
  expect(await heard(client)).toBe("pong");
  client.end();
  accepted.resume();
  await once(accepted, "end");
});

test("what is held comes in order when it is let go", async () => {
  line.mood.held = true;
  let text = "";
  accepted.on("data", (bytes: Buffer) => (text += bytes.toString()));
  for (const word of ["one ", "two ", "three"]) await new Promise((resolve) => client.write(word, resolve));
  expect(text).toBe("");
  line.calm();
  await expect.poll(() => text).toBe("one two three");
});

test("a link that is lost carries nothing, and is told of when each end has given it up", async () => {
  expect(line.lose("both")).toBe(1);
  let text = "";
  accepted.on("data", (bytes: Buffer) => (text += bytes.toString()));
  client.write("lost");
  client.destroy();
  await expect.poll(() => line.dead[0]?.nearGoneMs).toBeDefined();
  expect(text).toBe("");
  expect(line.dead[0]?.farGoneMs).toBeUndefined();
  accepted.destroy();
  await expect.poll(() => line.dead[0]?.farGoneMs).toBeDefined();
});

test("a link that is lost one way carries the other way", async () => {
  line.lose("there");
  accepted.write("back");
  expect(await heard(client)).toBe("back");
  let text = "";
  accepted.on("data", (bytes: Buffer) => (text += bytes.toString()));
  client.write("there");
  accepted.end();
  await expect.poll(() => line.dead[0]?.nearGoneMs).toBeDefined();
  expect(text).toBe("");
});

test("a line that refuses lets nobody in, and cuts those there are", async () => {
  const closed = new Promise((resolve) => client.once("close", resolve));
  expect(line.cut("reset")).toBe(1);
  await closed;
  line.mood.refusing = true;
  const other = connect(line.port, "127.0.0.1");
  other.on("error", () => undefined);
  await new Promise((resolve) => other.once("close", resolve));
  expect(line.openLinks).toBe(0);
});
