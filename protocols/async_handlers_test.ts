import { setErrorReporter } from "@ropewalk/deferred";
import { Clock, StringTransport } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { fromLatin1 } from "./bytes.ts";
import { Int8StringReceiver } from "./int_string_receiver.ts";
import { LineOnlyReceiver } from "./line_only_receiver.ts";
import { LineReceiver } from "./line_receiver.ts";
import { NetstringReceiver } from "./netstring_receiver.ts";
import type { Protocol } from "./protocol.ts";
import { WebSocketConnection } from "./websocket/connection.ts";

const fail = (): Promise<void> => Promise.reject(new RangeError("on purpose"));

class Lines extends LineReceiver {
  override lineReceived = fail;
}

class Raw extends LineReceiver {
  override rawDataReceived = fail;
  override connectionMade(): void {
    this.setRawMode();
  }
}

class OnlyLines extends LineOnlyReceiver {
  override lineReceived = fail;
}

class Strings extends Int8StringReceiver {
  override stringReceived = fail;
}

class Netstrings extends NetstringReceiver {
  override stringReceived = fail;
}

class Messages extends WebSocketConnection {
  override messageReceived = fail;
}

const CASES: [string, Protocol, string][] = [
  ["lineReceived", new Lines(), "one\r\n"],
  ["rawDataReceived", new Raw(), "one"],
  ["lineReceived", new OnlyLines(), "one\r\n"],
  ["stringReceived", new Strings(), "\x03one"],
  ["stringReceived", new Netstrings(), "3:one,"],
  ["messageReceived", new Messages(true), "\x81\x83\0\0\0\0one"],
];

for (const [name, protocol, data] of CASES) {
  Deno.test(`${protocol.constructor.name}: an async ${name} that fails is reported, and loses the connection`, async () => {
    const transport = new StringTransport({ reactor: new Clock() });
    const reports: string[] = [];
    const previous = setErrorReporter((failure, context) =>
      void reports.push(`${context}: ${failure.value}`)
    );
    try {
      protocol.makeConnection(transport);
      protocol.dataReceived(fromLatin1(data));
      assertEquals([reports, transport.aborting], [[], false]);
      await Promise.resolve();
      await Promise.resolve();
    } finally {
      setErrorReporter(previous);
    }
    assertEquals(reports, [`Error in ${name} of a protocol: RangeError: on purpose`]);
    assertEquals(String(transport.abortReason?.value), "RangeError: on purpose"); // what connectionLost gets
  });
}
