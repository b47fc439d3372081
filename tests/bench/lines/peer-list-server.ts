import { PeerList } from "../contenders/peer-list.js";

/** A tracker in a process of its own. Arguments: the address and the port to listen on, then HOST:PORT of everybody. */
const [host = "", port = "", ...peers] = process.argv.slice(2);
const list = await PeerList.open(host, Number(port));
list.tell(peers);
process.stdout.write("ready\n");
