import { Deferred } from "@ropewalk/deferred";
import { assertNoResult, failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { encodeUtf8 } from "./bytes.ts";
import { FileSender } from "./file_sender.ts";

Deno.test("FileSender sends a piece each time it is asked, from what answers now, later or with a promise", async () => {
  const later = new Deferred<Uint8Array | null>();
  const pieces = [encodeUtf8("a"), later, Promise.resolve(encodeUtf8("c")), null];
  const transport = new StringTransport();
  const sent = new FileSender().beginFileTransfer({ read: () => pieces.shift()! }, transport);
  const more = () => transport.producer?.resumeProducing();
  more();
  more();
  more(); // it reads: nothing happens
  assertEquals(transport.text(), "a");
  later.callback(encodeUtf8("b"));
  more();
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(transport.text(), "abc");
  assertNoResult(sent);
  more();
  assertEquals(successResultOf(sent), 3);
  assertEquals(transport.producer, null);
});

Deno.test("FileSender fails when reading does, or when the consumer goes away", () => {
  const transport = new StringTransport();
  const failing = new FileSender().beginFileTransfer({
    read: () => {
      throw new RangeError("disk on fire");
    },
  }, transport);
  transport.producer!.resumeProducing();
  failureResultOf(failing, RangeError);
  const gone = new FileSender().beginFileTransfer({ read: () => null }, transport);
  transport.producer!.stopProducing();
  failureResultOf(gone);
  const sender = new FileSender();
  const other = new StringTransport();
  const cancelled = sender.beginFileTransfer({ read: () => null }, other);
  cancelled.addErrback(() => {});
  cancelled.cancel();
  assertEquals(other.producer, null);
});
