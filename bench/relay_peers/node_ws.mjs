// The peer of the relay: Node's `ws` with node-redis, one Redis subscriber a process.
// Arguments: port, Redis socket or URL. It speaks a trivial protocol:
// hello {ticket, names} is answered by welcome; then what is published is passed on.
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { WebSocketServer } = require("ws");
const { createClient } = require("redis");

const [port, address, deflate] = process.argv.slice(2);
const options = address.startsWith("/") ? { socket: { path: address } } : { url: address };
const commands = createClient(options);
const subscriber = commands.duplicate();
await commands.connect();
await subscriber.connect();

const watchers = new Map();
const SPACE = 0x20;

function passOn(body, name) {
  const first = body.indexOf(SPACE);
  const second = body.indexOf(SPACE, first + 1);
  const id = `${body.subarray(0, first)}:${body.subarray(first + 1, second)}`;
  const head = Buffer.from(`{"m":"pub","ch":"${name}","id":"${id}",`);
  const frame = Buffer.concat([head, body.subarray(second + 2)]);
  for (const socket of watchers.get(name.toString()) ?? []) {
    socket.send(frame, { binary: false });
  }
}

async function hello(socket, message) {
  const { ticket, names } = JSON.parse(message);
  if ((await commands.getDel(ticket)) === null) return socket.close(4401);
  for (const name of names) {
    let set = watchers.get(name);
    if (set === undefined) {
      watchers.set(name, (set = new Set()));
      await subscriber.subscribe(name, passOn, true);
    }
    set.add(socket);
  }
  socket.on("close", () => names.forEach((name) => watchers.get(name).delete(socket)));
  socket.send('{"m":"welcome"}');
}

const server = new WebSocketServer({
  port: Number(port),
  host: "127.0.0.1",
  backlog: 4096,
  perMessageDeflate: deflate === "deflate",
});
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.once("message", (message) => hello(socket, message));
});
