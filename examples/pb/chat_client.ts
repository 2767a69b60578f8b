/**
 * Joins the chat room, says each argument, and prints what it hears for some seconds.
 *
 *     deno run --allow-net examples/pb/chat_client.ts alice wonderland hello "anybody here?"
 *
 * @module
 */
import { UsernamePassword } from "@ropewalk/cred";
import { PBClientFactory, Referenceable } from "@ropewalk/spread";
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

if (import.meta.main) {
  const { reactor } = await import("@ropewalk/reactor");
  const [name = "alice", password = "wonderland", ...lines] = Deno.args;
  const factory = new PBClientFactory();
  reactor.connectTCP("127.0.0.1", 8800, factory);
  reactor.callWhenRunning(async () => {
    try {
      await chat(factory, { name, password }, lines, console.log);
      reactor.callLater(30, () => reactor.stop());
    } catch (error) {
      console.error(`Cannot chat: ${error instanceof Error ? error.message : error}`);
      reactor.stop();
    }
  });
  await reactor.run();
}
