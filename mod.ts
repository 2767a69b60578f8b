/**
 * Twisted's architecture for Deno and TypeScript, all of it under one name: each module is a namespace here. A
 * program that needs one or two of them imports those by their own names (`@ropewalk/protocols`), and loads
 * nothing else.
 *
 * @example A protocol, tested with no socket
 * ```ts
 * import { protocols, testing } from "@ropewalk/ropewalk";
 * import { assertEquals } from "@std/assert";
 *
 * class Shout extends protocols.LineReceiver {
 *   override lineReceived(line: string): void {
 *     this.sendLine(line.toUpperCase());
 *   }
 * }
 *
 * const transport = new testing.StringTransport();
 * const shout = new Shout();
 * shout.makeConnection(transport);
 * shout.dataReceived(new TextEncoder().encode("hello\r\n"));
 * assertEquals(transport.text(), "HELLO\r\n");
 * ```
 *
 * @module
 */
export * as cred from "@ropewalk/cred";
export * as deferred from "@ropewalk/deferred";
export * as protocols from "@ropewalk/protocols";
export * as reactor from "@ropewalk/reactor";
export * as spread from "@ropewalk/spread";
export * as testing from "@ropewalk/testing";
export * as web from "@ropewalk/web";
