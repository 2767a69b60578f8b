/**
 * The text form of endpoints: `tcp:8000:interface=127.0.0.1`.
 *
 * ```text
 *   description = kind *( ":" argument )
 *   argument    = value | name "=" value        "\" takes the meaning from a ":", "=" or "\" that follows
 * ```
 * @module
 */

const ANY = Number.MAX_SAFE_INTEGER;

/** A description, taken apart. Each argument is asked for once; what is left over at the end is an error. */
export class Description {
  /** What comes before the first colon. */
  readonly kind: string;
  readonly #text: string;
  readonly #positional: string[] = [];
  readonly #named = new Map<string, string>();
  readonly #accepted: string[] = [];
  #next = 0;

  /**
   * Makes one.
   *
   * @param text The whole description.
   */
  constructor(text: string) {
    this.#text = text;
    const parts = split(text);
    this.kind = parts.shift()?.value ?? "";
    if (parts.length === 1 && parts[0]!.name === null && parts[0]!.value === "") parts.pop(); // "stdio:"
    for (const { name, value } of parts) {
      if (name === null) this.#positional.push(value);
      else {
        if (this.#named.has(name)) throw new TypeError(`Cannot read ${this}: "${name}" is given twice`);
        this.#named.set(name, value);
      }
    }
  }

  /** The arguments as they were written: the positional ones, and the named ones. */
  get raw(): { positional: readonly string[]; named: ReadonlyMap<string, string> } {
    return { positional: this.#positional, named: this.#named };
  }

  /** The next positional argument, or the named one. */
  take(name: string): string | undefined {
    this.#accepted.push(name);
    const named = this.#named.get(name);
    this.#named.delete(name);
    if (this.#next >= this.#positional.length) return named;
    if (named !== undefined) throw new TypeError(`Cannot read ${this}: "${name}" is given twice`);
    return this.#positional[this.#next++];
  }

  /** A named argument only. */
  option(name: string): string | undefined {
    this.#accepted.push(`${name}=`);
    const value = this.#named.get(name);
    this.#named.delete(name);
    return value;
  }

  /** An argument that has to be there. */
  need(name: string): string {
    const value = this.take(name);
    if (value === undefined || value === "") {
      const named = [...this.#named.keys()].map((other) => `, and names "${other}"`).join("");
      throw new TypeError(
        `Cannot read ${this}: it needs "${name}" (${this.#accepted.join(", ")}, …)${named}`,
      );
    }
    return value;
  }

  /** A host and a port that have to be there. Where the host is named, the port may still go by its place. */
  needHostAndPort(): [host: string, port: number] {
    const host = this.#named.get("host");
    if (host !== undefined && this.#positional.length === 1) {
      this.#named.delete("host");
      this.#positional.unshift(host);
    }
    return [this.need("host"), this.needPort()];
  }

  /** A port number that has to be there. */
  needPort(name = "port"): number {
    return this.#number(name, this.need(name), 65_535);
  }

  /** A whole number, the next positional argument or the named one. */
  takeNumber(name: string, base = 10): number | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : this.#number(name, value, ANY, base);
  }

  /** A whole number, by name only. */
  numberOption(name: string, base = 10): number | undefined {
    const value = this.option(name);
    return value === undefined ? undefined : this.#number(name, value, ANY, base);
  }

  /** A time in seconds, by name only; it may have a fraction. */
  secondsOption(name: string): number | undefined {
    return this.#seconds(name, this.option(name));
  }

  /** As {@linkcode secondsOption}, the next positional argument or the named one. */
  takeSeconds(name: string): number | undefined {
    return this.#seconds(name, this.take(name));
  }

  #seconds(name: string, value: string | undefined): number | undefined {
    if (value === undefined) return undefined;
    if (/^(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(value)) return Number(value);
    throw new TypeError(`Cannot read ${this}: "${name}" is no number of seconds: "${value}"`);
  }

  /** All that comes after the first colon, as it was written: the description of another endpoint. */
  takeRest(): string {
    this.#named.clear();
    this.#next = this.#positional.length;
    return this.#text.slice(this.kind.length + 1);
  }

  /** Nothing may be left over. */
  end(): void {
    const extra = this.#next < this.#positional.length
      ? this.#positional[this.#next]
      : this.#named.keys().next().value;
    if (extra === undefined) return;
    throw new TypeError(
      `Cannot read ${this}: "${extra}" is not expected; accepted: ${this.#accepted.join(", ") || "nothing"}`,
    );
  }

  /** The description, in quotes. */
  toString(): string {
    return `"${this.#text}"`;
  }

  #number(name: string, text: string, most: number, base = 10): number {
    const digits = base === 8 ? /^[0-7]+$/ : /^[0-9]+$/;
    const value = digits.test(text) ? parseInt(text, base) : NaN;
    if (!(value <= most)) {
      const kind = base === 8 ? "octal number" : most === ANY ? "whole number" : `number up to ${most}`;
      throw new TypeError(`Cannot read ${this}: "${name}" is no ${kind}: "${text}"`);
    }
    return value;
  }
}

/** Text that stands for itself inside a description. */
export function quoteStringArgument(text: string): string {
  return text.replace(/[\\:]/g, "\\$&");
}

function split(text: string): { name: string | null; value: string }[] {
  const parts: { name: string | null; value: string }[] = [];
  let name: string | null = null;
  let value = "";
  for (let i = 0; i <= text.length; i++) {
    const character = text[i];
    if (character === undefined || character === ":") {
      parts.push({ name, value });
      name = null;
      value = "";
    } else if (character === "=" && name === null && parts.length > 0) {
      name = value;
      value = "";
    } else if (character === "\\" && i + 1 < text.length) value += text[++i];
    else value += character;
  }
  return parts;
}
