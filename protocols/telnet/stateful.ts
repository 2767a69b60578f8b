/**
 * `StatefulTelnetProtocol`: lines over telnet, with a method for each state.
 * @module
 */
import type { Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";

/**
 * A protocol of lines inside a `TelnetTransport`, with a method for each of its states: `telnet_User(line)`
 * is called in the state `"User"`, and returns the next state, or nothing to stay.
 *
 * @example
 * ```ts
 * import { StatefulTelnetProtocol } from "@ropewalk/protocols/telnet";
 *
 * class Login extends StatefulTelnetProtocol {
 *   override state = "User";
 *   telnet_User(_name: string) {
 *     this.transport.write("Password: ");
 *     return "Password";
 *   }
 *   telnet_Password(_password: string) {
 *     this.transport.write("Welcome\n");
 *     return "Command";
 *   }
 * }
 * ```
 */
export class StatefulTelnetProtocol<F = Factory> extends LineReceiver<F> {
  /** What ends a line: telnet's own line ends have been translated. */
  override delimiter = "\n";
  /** The present state. */
  state = "Discard";

  /** Calls the present state's method. */
  override lineReceived(line: string): void {
    const method = (this as unknown as Record<string, unknown>)[`telnet_${this.state}`];
    if (typeof method !== "function") {
      throw new TypeError(`Cannot take a line: there is no telnet_${this.state}`);
    }
    const next = method.call(this, line.endsWith("\r") ? line.slice(0, -1) : line);
    if (typeof next === "string") this.state = next;
  }

  /** Ignores the line. */
  telnet_Discard(_line: string): string | void {}
}
