import { Clock, StringTransport } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { encodeUtf8 } from "./bytes.ts";
import { IntNStringReceiver } from "./int_string_receiver.ts";
import { LineOnlyReceiver } from "./line_only_receiver.ts";
import { LineReceiver } from "./line_receiver.ts";
import { NetstringReceiver } from "./netstring_receiver.ts";
import { ProtocolWrapper } from "./policies/wrapping.ts";
import type { Protocol } from "./protocol.ts";
import { type ProtocolState, StatefulProtocol } from "./stateful_protocol.ts";

const TLS = { cert: "", key: "" };
const heard: string[] = [];

function hear(protocol: Protocol, message: string): void {
  heard.push(message);
  if (message === "STARTTLS") protocol.transport.startTLS(TLS);
}

class Lines extends LineReceiver {
  override lineReceived(line: string): void {
    hear(this, line);
  }
}

class OnlyLines extends LineOnlyReceiver {
  override lineReceived(line: string): void {
    hear(this, line);
  }
}

class Netstrings extends NetstringReceiver {
  override stringReceived(string: Uint8Array): void {
    hear(this, new TextDecoder().decode(string));
  }
}

class Strings extends IntNStringReceiver {
  override readonly prefixLength = 1;
  override stringReceived(string: Uint8Array): void {
    hear(this, new TextDecoder().decode(string));
  }
}

/** Messages of eight bytes. */
class Eights extends StatefulProtocol {
  getInitialState(): ProtocolState {
    return [(bytes) => hear(this, new TextDecoder().decode(bytes)), 8];
  }
}

const framings: [string, () => Protocol, (message: string) => string][] = [
  ["LineReceiver", () => new Lines(), (message) => `${message}\r\n`],
  ["LineOnlyReceiver", () => new OnlyLines(), (message) => `${message}\r\n`],
  ["NetstringReceiver", () => new Netstrings(), (message) => `${message.length}:${message},`],
  ["Int8StringReceiver", () => new Strings(), (message) => String.fromCharCode(message.length) + message],
  ["StatefulProtocol", () => new Eights(), (message) => message],
];

for (const [name, make, frame] of framings) {
  const begin = (): [Protocol, (text: string) => void] => {
    heard.length = 0;
    const protocol = make();
    protocol.makeConnection(new StringTransport({ reactor: new Clock() }));
    return [protocol, (text) => protocol.dataReceived(encodeUtf8(text))];
  };

  Deno.test(`${name} drops what came in plain text behind the request for TLS`, () => {
    const [, feed] = begin();
    feed(frame("STARTTLS") + frame("INJECTED") + frame("INJECTED").slice(0, 3));
    assertEquals(heard, ["STARTTLS"]);
    feed(frame("a secret"));
    assertEquals(heard, ["STARTTLS", "a secret"]);
  });

  Deno.test(`${name} drops the beginning of a message when TLS is started from outside`, () => {
    const [protocol, feed] = begin();
    feed(frame("INJECTED").slice(0, 3));
    protocol.transport.startTLS(TLS);
    feed(frame("a secret"));
    assertEquals(heard, ["a secret"]);
  });

  Deno.test(`${name} keeps the beginning of a message that came under TLS`, () => {
    const [protocol, feed] = begin();
    protocol.transport.startTLS(TLS);
    feed(frame("a secret").slice(0, 3));
    feed(frame("a secret").slice(3));
    assertEquals(heard, ["a secret"]);
  });
}

Deno.test("LineReceiver that was paused drops what it held when TLS was started meanwhile", () => {
  class Pausing extends Lines {
    override lineReceived(line: string): void {
      super.lineReceived(line);
      this.pauseProducing();
    }
  }
  heard.length = 0;
  const protocol = new Pausing();
  protocol.makeConnection(new StringTransport({ reactor: new Clock() }));
  protocol.dataReceived(encodeUtf8("HELO\r\nINJECTED\r\n"));
  protocol.transport.startTLS(TLS);
  protocol.resumeProducing();
  assertEquals(heard, ["HELO"]);
});

Deno.test("recvd of a string receiver can be assigned under TLS, and is kept", () => {
  heard.length = 0;
  const protocol = new Strings();
  const transport = new StringTransport({ reactor: new Clock() });
  transport.startTLS(TLS);
  protocol.makeConnection(transport);
  protocol.recvd = encodeUtf8("\x08a sec");
  protocol.dataReceived(encodeUtf8("ret"));
  assertEquals(heard, ["a secret"]);
});

Deno.test("a protocol goes by the switch and not by the end of the handshake, behind a wrapper too", () => {
  heard.length = 0;
  const transport = new StringTransport({ reactor: new Clock() });
  // As a real connection: asked for at once, secure only when the handshake is through.
  let asked = false;
  Object.defineProperty(transport, "tlsStarted", { get: () => asked });
  transport.startTLS = () => void (asked = true);
  const wrapper = new ProtocolWrapper({ registerProtocol() {}, unregisterProtocol() {} }, new Lines());
  wrapper.makeConnection(transport);
  wrapper.dataReceived(encodeUtf8("STARTTLS\r\nINJECTED\r\n"));
  assertEquals([heard, wrapper.secure], [["STARTTLS"], false]);
});
