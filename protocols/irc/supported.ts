/**
 * `ServerSupportedFeatures`: what a server said it can do (numeric 005, ISUPPORT).
 * @module
 */

/** Modes of channels, by whether they take a parameter. */
export interface ChannelModes {
  /** Lists: a parameter always. */
  readonly addressModes: string;
  /** Settings: a parameter always. */
  readonly param: string;
  /** Settings: a parameter only when they are set. */
  readonly setParam: string;
  /** Flags: never a parameter. */
  readonly noParam: string;
}

/**
 * What a server can do. Before it has said so, what RFC 1459 says.
 *
 * @example
 * ```ts
 * import { ServerSupportedFeatures } from "@ropewalk/protocols/irc";
 * import { assertEquals } from "@std/assert";
 *
 * const supported = new ServerSupportedFeatures();
 * supported.parse(["NICKLEN=30", "PREFIX=(ov)@+", "EXCEPTS"]);
 * assertEquals(supported.getFeature("NICKLEN"), "30");
 * assertEquals(supported.prefixes.get("o"), "@");
 * ```
 */
export class ServerSupportedFeatures {
  /** How many features are remembered. */
  static readonly MAX_FEATURES: number = 500;
  readonly #features = new Map<string, string>([
    ["CHANNELLEN", "200"],
    ["CHANTYPES", "#&"],
    ["MODES", "3"],
    ["NICKLEN", "9"],
    ["PREFIX", "(ovh)@+%"],
    ["CHANMODES", "b,,lk,"],
  ]);

  /** Takes the parameters of a 005, without the nick before and the text behind them. */
  parse(params: readonly string[]): void {
    for (const param of params) {
      if (param.startsWith("-")) {
        this.#features.delete(param.slice(1));
        continue;
      }
      const equals = param.indexOf("=");
      const name = equals < 0 ? param : param.slice(0, equals);
      const value = equals < 0 ? "" : param.slice(equals + 1);
      const full = this.#features.size >= ServerSupportedFeatures.MAX_FEATURES;
      if (name === "" || (full && !this.#features.has(name))) continue;
      this.#features.set(
        name,
        value.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
      );
    }
  }

  /** Whether the server has a feature. */
  hasFeature(name: string): boolean {
    return this.#features.has(name);
  }

  /** The value of a feature: `""` for one without a value, `undefined` if the server does not have it. */
  getFeature(name: string): string | undefined {
    return this.#features.get(name);
  }

  /** The marks of users in channels, by mode. */
  get prefixes(): Map<string, string> {
    const match = /^\(([^)]*)\)(.*)$/.exec(this.#features.get("PREFIX") ?? "");
    if (match === null) return new Map();
    return new Map([...match[1]!].map((mode, i) => [mode, match[2]![i] ?? ""]));
  }

  /** The modes of channels. */
  get channelModes(): ChannelModes {
    const [addressModes = "", param = "", setParam = "", noParam = ""] =
      (this.#features.get("CHANMODES") ?? "")
        .split(",");
    return { addressModes, param, setParam, noParam };
  }

  /**
   * Reads the changes of a MODE message, by what the server says of its modes.
   *
   * @param target A channel, or a nick, whose modes have no parameters.
   * @param modes `"+ov-k"`.
   * @param params Their parameters.
   */
  modeChanges(target: string, modes: string, params: readonly string[]): ModeChange[] {
    if (!this.isChannel(target)) return parseModes(modes, params, () => false);
    const { addressModes, param, setParam } = this.channelModes;
    const always = addressModes + param + [...this.prefixes.keys()].join("");
    return parseModes(
      modes,
      params,
      (mode, set) => always.includes(mode) || (set && setParam.includes(mode)),
    );
  }

  /** Whether a name is that of a channel. */
  isChannel(name: string): boolean {
    return name !== "" && (this.#features.get("CHANTYPES") ?? "#&").includes(name[0]!);
  }
}

/** One change of a mode. */
export interface ModeChange {
  /** Whether it was set, or taken away. */
  readonly set: boolean;
  /** The mode: one letter. */
  readonly mode: string;
  /** Its parameter, or `null`. */
  readonly param: string | null;
}

/**
 * Reads the changes of a MODE message.
 *
 * @param modes `"+ov-k"`.
 * @param params Their parameters.
 * @param takesParam Which modes take one.
 */
export function parseModes(
  modes: string,
  params: readonly string[],
  takesParam: (mode: string, set: boolean) => boolean,
): ModeChange[] {
  const changes: ModeChange[] = [];
  let set = true;
  let next = 0;
  for (const letter of modes) {
    if (letter === "+" || letter === "-") set = letter === "+";
    else changes.push({ set, mode: letter, param: takesParam(letter, set) ? params[next++] ?? null : null });
  }
  return changes;
}
