/**
 * SASL PLAIN on IRC: the login that comes before everything else.
 *
 * ```text
 *   CAP REQ sasl ─► CAP ACK ─► AUTHENTICATE PLAIN ─► AUTHENTICATE + ─► name and password ─► 903 ─► CAP END
 * ```
 * @module
 */
import { encodeUtf8, latin1 } from "../bytes.ts";

/** Who logs in. */
export interface SASLCredentials {
  /** The account. */
  readonly username: string;
  /** Its password. */
  readonly password: string;
}

/** One login. Whoever is let in without it has not logged in: that is a failure, too. */
export class SASLLogin {
  readonly #credentials: SASLCredentials;
  readonly #send: (line: string) => void;
  readonly #failed: (reason: string) => void;
  #asked = false; // to log in
  #said = false; // the password, which is said once
  #done = false;

  /** @param failed Called with the reason. */
  constructor(credentials: SASLCredentials, send: (line: string) => void, failed: (reason: string) => void) {
    this.#credentials = credentials;
    this.#send = send;
    this.#failed = failed;
  }

  /** Asks for it. */
  begin(): void {
    this.#send("CAP REQ sasl");
  }

  /** The server has let us in. @returns Whether by this login; if not, it has failed. */
  registered(): boolean {
    if (!this.#done) this.#failed("The server let us in without a login");
    return this.#done;
  }

  /** A message came. @returns Whether it was about the login. */
  received(command: string, params: readonly string[]): boolean {
    switch (command) {
      case "CAP":
        if (params[1] === "NAK") this.#failed("The server has no SASL");
        else if (params[1] === "ACK" && (params[2] ?? "").split(" ").includes("sasl") && !this.#asked) {
          this.#asked = true;
          this.#send("AUTHENTICATE PLAIN");
        }
        return true;
      case "AUTHENTICATE":
        if (!this.#said) this.#authenticate();
        return true;
      case "903":
        if (!this.#done) this.#send("CAP END");
        this.#done = true;
        return true;
      case "902":
      case "904":
      case "905":
      case "906":
        this.#failed(params.at(-1) ?? command);
        return true;
    }
    return false;
  }

  #authenticate(): void {
    this.#said = true;
    const { username, password } = this.#credentials;
    const text = btoa(latin1(encodeUtf8(`${username}\0${username}\0${password}`)));
    for (let at = 0; at < text.length; at += 400) this.#send(`AUTHENTICATE ${text.slice(at, at + 400)}`);
    if (text.length % 400 === 0) this.#send("AUTHENTICATE +"); // so that the server knows where it ends
  }
}
