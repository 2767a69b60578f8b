/** What `browser_test.ts` runs where there is no host: a protocol, a Deferred and a clock, all of it in memory. */
import { Deferred } from "@ropewalk/deferred";
import { LineReceiver } from "@ropewalk/protocols";
import { Clock, StringTransport } from "@ropewalk/testing";

class Shout extends LineReceiver {
  override lineReceived(line: string): void {
    this.sendLine(line.toUpperCase());
  }
}

const clock = new Clock();
const transport = new StringTransport();
const shout = new Shout();
shout.makeConnection(transport);

const greeting = new Deferred<string>();
greeting.addCallback((text) => shout.dataReceived(new TextEncoder().encode(text)));
clock.callLater(15, () => greeting.callback("hello\r\n"));
clock.advance(15);

console.log(JSON.stringify(transport.text()).slice(1, -1), "after", clock.seconds());
