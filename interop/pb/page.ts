/**
 * Runs in a browser: holds references to objects of the server that it came from, and hands out one of its own. What it
 * found it tells to the server.
 */
import { connectWebSocket, PBClientFactory, Referenceable } from "@ropewalk/spread";
import { PipeAddress } from "@ropewalk/reactor/core";
import type { Store } from "./websocket_test.ts";

class Window extends Referenceable {
  remote_title(): string {
    return document.title;
  }
}

// Only what is needed here of a page: the tests are checked without the browser's types.
declare const document: { title: string };
declare const location: { host: string };

const factory = new PBClientFactory();
connectWebSocket(new WebSocket(`ws://${location.host}/pb`), factory.buildProtocol(new PipeAddress()));
const root = await factory.getRootObject<Store>();
try {
  const first = await root.proxy.get("k");
  const counter = await root.callRemote("counter");
  await counter.callRemote("add", 1);
  const second = await counter.callRemote("add", 2);
  const long = (await root.proxy.long(1_500_000)).length;
  await root.callRemote("report", { first, second, long }, new Window());
} catch (error) {
  await root.callRemote("report", { error: String(error) }, new Window());
}
