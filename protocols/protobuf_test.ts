import { create, toBinary } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { concatBytes } from "./bytes.ts";
import { ProtobufReceiver } from "./protobuf.ts";

class Shout extends ProtobufReceiver(StringValueSchema) {
  override messageReceived({ value }: { value: string }) {
    this.sendMessage({ value: value.toUpperCase() });
  }
}

Deno.test("ProtobufReceiver reads and writes messages however the stream is cut, and closes on rubbish", () => {
  const framed = (value: string) => {
    const body = toBinary(StringValueSchema, create(StringValueSchema, { value }));
    return concatBytes([Uint8Array.of(0, 0, 0, body.length), body]);
  };
  for (const chunks of everySplit(concatBytes([framed("hello"), framed("")]))) {
    const transport = new StringTransport();
    const protocol = new Shout();
    protocol.makeConnection(transport);
    for (const chunk of chunks) protocol.dataReceived(chunk);
    assertEquals(transport.value(), concatBytes([framed("HELLO"), framed("")]));
  }
  const transport = new StringTransport();
  const protocol = new Shout();
  protocol.makeConnection(transport);
  protocol.dataReceived(Uint8Array.of(0, 0, 0, 2, 0xff, 0xff));
  assert(transport.disconnecting);
});

Deno.test("ProtobufReceiver takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const protocol = new Shout();
    protocol.makeConnection(new StringTransport());
    for (const chunk of chunks) protocol.dataReceived(chunk);
  }));
});

Deno.test("ProtobufReceiver takes messages of 1 MiB, and refuses longer ones at their length", () => {
  for (const [last, taken] of [[0, true], [1, false]] as const) {
    const transport = new StringTransport();
    const protocol = new Shout();
    protocol.makeConnection(transport);
    protocol.dataReceived(Uint8Array.of(0, 0x10, 0, last));
    assertEquals(transport.disconnecting, !taken);
  }
});
