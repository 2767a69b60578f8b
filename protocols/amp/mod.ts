/**
 * AMP, the asynchronous messaging protocol, on Twisted's wire and typed on both sides.
 *
 * @example
 * ```ts
 * import { AMP, Command, Integer, Unicode } from "@ropewalk/protocols/amp";
 *
 * class Greet extends Command {
 *   static override arguments = { name: new Unicode(), times: new Integer({ optional: true }) };
 *   static override response = { text: new Unicode() };
 * }
 *
 * const amp = new AMP();
 * amp.respond(Greet, ({ name, times }) => ({ text: `Hello, ${name}! `.repeat(times ?? 1) }));
 * ```
 *
 * @module
 */
export { AMP, type AMPOptions } from "./amp.ts";
export {
  AmpList,
  type AnyArgument,
  Argument,
  type ArgumentMap,
  type ArgumentOptions,
  Boolean_ as Boolean,
  DateTime,
  Decimal,
  Descriptor,
  Float,
  Integer,
  ListOf,
  Path,
  type Received,
  type Sent,
  String_ as String,
  Unicode,
} from "./arguments.ts";
export { Box, MAX_BOX_BYTES, MAX_KEY_LENGTH, MAX_VALUE_LENGTH } from "./box.ts";
export {
  type AmpErrorClass,
  type CallArguments,
  type CallResult,
  Command,
  type CommandClass,
  type ErrorMap,
} from "./command.ts";
export {
  AmpError,
  AmpProtocolError,
  BadLocalReturn,
  InvalidSignature,
  OnlyOneTLS,
  ProtocolSwitched,
  RemoteAmpError,
  TooLong,
  UnhandledCommand,
  UnknownRemoteError,
} from "./errors.ts";
export { CommandLocator, type Later, type Responder } from "./locator.ts";
export { methodCommand, tableLocator } from "./method_table.ts";
export { ZonedDate } from "./zoned_date.ts";
