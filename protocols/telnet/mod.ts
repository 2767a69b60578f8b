/**
 * Telnet: options, line mode, window sizes, and a transport that hides all of it.
 *
 * @example
 * ```ts
 * import { StatefulTelnetProtocol, TelnetTransport } from "@ropewalk/protocols/telnet";
 *
 * class Greeter extends StatefulTelnetProtocol {
 *   override state = "Name";
 *   telnet_Name(name: string) {
 *     this.transport.write(`Hello, ${name}!\n`);
 *   }
 * }
 *
 * const telnet = new TelnetTransport(() => new Greeter());
 * ```
 *
 * @module
 */
export {
  AO,
  AYT,
  BRK,
  DM,
  DO,
  DONT,
  EC,
  ECHO,
  EL,
  GA,
  IAC,
  IP,
  LINEMODE,
  NAWS,
  NOP,
  SB,
  SE,
  SGA,
  TTYPE,
  WILL,
  WONT,
} from "./codes.ts";
export { StatefulTelnetProtocol } from "./stateful.ts";
export { AlreadyNegotiated, OptionRefused, Telnet } from "./telnet.ts";
export { type TelnetAware, TelnetBootstrapProtocol, TelnetTransport } from "./transport.ts";
