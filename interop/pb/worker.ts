/** A worker that serves an object to the page or program that started it. */
import { connectPort, PBServerFactory, type PortLike, Root } from "@ropewalk/spread";
import { PipeAddress } from "@ropewalk/reactor/core";

class Echo extends Root {
  remote_echo(value: string): string {
    return value;
  }
}

connectPort(
  globalThis as unknown as PortLike,
  new PBServerFactory(new Echo()).buildProtocol(new PipeAddress()),
);
