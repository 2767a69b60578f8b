import { Deferred } from "@ropewalk/deferred";
import { ConnectionRefusedError } from "@ropewalk/reactor/core";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Proxy } from "./proxy.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function start(page: Deferred<Uint8Array>) {
  const asked: string[] = [];
  const proxy = new Proxy((url) => {
    asked.push(url);
    return page;
  });
  const transport = new StringTransportWithDisconnection();
  transport.protocol = proxy;
  proxy.makeConnection(transport);
  return { asked, proxy, transport };
}

Deno.test("the page comes back, and the connection closes", () => {
  const page = new Deferred<Uint8Array>();
  const { asked, proxy, transport } = start(page);
  proxy.dataReceived(bytes("http://a.example/\nhttp://b.example/\n"));
  assertEquals([asked, transport.connected], [["http://a.example/"], true]);
  page.callback(bytes("<p>hi"));
  assertEquals([transport.text(), transport.connected], ["<p>hi", false]);
});

Deno.test("what goes wrong is told in words: refused, too late", () => {
  const refused = new Deferred<Uint8Array>();
  const one = start(refused);
  one.proxy.dataReceived(bytes("http://a.example/\n"));
  refused.errback(new ConnectionRefusedError("nobody is there"));
  assertEquals(one.transport.text(), "Cannot get http://a.example/: nobody is there\r\n");
  const clock = new Clock();
  const other = start(new Deferred<Uint8Array>().addTimeout(30, clock));
  other.proxy.dataReceived(bytes("http://a.example/\n"));
  clock.advance(30);
  assertEquals([other.transport.text().slice(0, 30), other.transport.connected], [
    "Cannot get http://a.example/: ",
    false,
  ]);
});

Deno.test("when the asker hangs up, the fetch is cancelled", () => {
  let cancelled = 0;
  const { proxy } = start(new Deferred<Uint8Array>(() => void cancelled++));
  proxy.dataReceived(bytes("http://a.example/\n"));
  proxy.transport.abortConnection();
  assertEquals(cancelled, 1);
});
