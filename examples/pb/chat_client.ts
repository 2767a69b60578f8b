/**
 * Joins the chat room, says each argument, and prints what it hears for some seconds.
 *
 *     deno run --allow-net examples/pb/chat_client.ts --user bob --password builder hello "anybody here?"
 *
 * @module
 */
import { UsernamePassword } from "@ropewalk/cred";
import { PBClientFactory, Referenceable } from "@ropewalk/spread";
import { readCommandLine } from "../keyvalue/command_line.ts";
import { readOrSay, reasonOf, type Say } from "./_program.ts";
import type { User } from "./chat_server.ts";

/** Hears what is said. */
export class Ears extends Referenceable {
  constructor(readonly heard: (line: string) => void) {
    super();
  }

  remote_hear(group: string, who: string, text: string): void {
    this.heard(`[${group}] ${who}: ${text}`);
  }
}

/** Logs in, joins a group and says some lines; how many heard each. */
export async function chat(
  factory: PBClientFactory,
  user: { name: string; password: string },
  lines: readonly string[],
  heard: (line: string) => void,
): Promise<number[]> {
  const avatar = await factory.login<User>(new UsernamePassword(user.name, user.password), new Ears(heard));
  const group = await avatar.callRemote("join", "lobby");
  const counts: number[] = [];
  for (const line of lines) counts.push(await group.callRemote("say", line));
  return counts;
}

const HELP = `Joins a chat room, says each line, and prints what it hears.

  chat_client.ts [options] [line…]

  --host HOST        where the room is (127.0.0.1)
  --port PORT        (8800)
  --user NAME        (alice)
  --password TEXT    (wonderland)
  --seconds SECONDS  how long to listen (30)
  --help             this text`;

const DEFAULTS = { host: "127.0.0.1", port: 8800, user: "alice", password: "wonderland", seconds: 30 };

/** Tells options, which come first, from lines; `"help"` where that is wanted. */
export function readChatLine(
  args: readonly string[],
): { options: typeof DEFAULTS; lines: readonly string[] } | "help" {
  let at = 0;
  while (args[at]?.startsWith("--") === true) at += args[at] === "--help" || args[at]!.includes("=") ? 1 : 2;
  const options = readCommandLine(args.slice(0, at), DEFAULTS);
  return options === "help" ? options : { options, lines: args.slice(at) };
}

/**
 * Chats for a while.
 *
 * @param args The command line.
 * @param say Takes what is heard, and what is told to who started it.
 * @returns The exit code.
 */
export async function main(args: readonly string[], say: Say): Promise<number> {
  const given = readOrSay(() => readChatLine(args), HELP, say);
  if (typeof given === "number") return given;
  const { options: { host, port, user: name, password, seconds }, lines } = given;
  const { reactor } = await import("@ropewalk/reactor");
  const factory = new PBClientFactory();
  let code = 0;
  reactor.connectTCP(host, port, factory);
  reactor.callWhenRunning(async () => {
    try {
      await chat(factory, { name, password }, lines, say);
      reactor.callLater(seconds, () => reactor.stop());
    } catch (error) {
      say(`Cannot chat: ${reasonOf(error)}`);
      code = 1;
      reactor.stop();
    }
  });
  await reactor.run();
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args, console.log));
