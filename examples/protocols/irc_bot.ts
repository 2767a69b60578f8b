/**
 * A bot that serves the key/value store on IRC, and comes back when the server does.
 *
 *     deno run --allow-net examples/protocols/irc_bot.ts irc.example.org 6667 '#ropewalk'
 *
 * In the channel, or in private: `!get key`, `!set key value`, `!delete key`.
 */
import { maybeDeferred } from "@ropewalk/deferred";
import { ReconnectingClientFactory } from "@ropewalk/protocols";
import { IRCClient } from "@ropewalk/protocols/irc";
import type { ReactorTime } from "@ropewalk/reactor/core";
import { KeyError, KeyValueStore, type Store, ValueError } from "../keyvalue/store.ts";

/** One connection of the bot. */
export class StoreBot extends IRCClient<StoreBotFactory> {
  override signedOn(): void {
    this.factory.resetDelay();
    this.join(this.factory.channel);
  }

  override privmsg(user: string, target: string, message: string): void {
    const match = /^!(get|set|delete) (\S+)(?: (.+))?$/.exec(message);
    if (match === null) return;
    const [, command, key, value] = match as unknown as [string, string, string, string | undefined];
    const nick = user.split("!")[0]!;
    const answer = (text: string) =>
      this.supported.isChannel(target) ? this.say(target, `${nick}: ${text}`) : this.msg(nick, text);
    const { store } = this.factory;
    maybeDeferred<unknown, []>(() => {
      if (command === "get") return store.get(key);
      if (command === "delete") return store.delete(key);
      return store.set(key, value ?? "");
    }).addCallbacks(
      (found) => answer(command === "get" ? `${key} is ${found}` : command === "set" ? "stored" : "deleted"),
      (failure) => {
        failure.trap(KeyError, ValueError);
        answer(failure.getErrorMessage());
      },
    );
  }
}

/** Makes the bot's connections, one after another. */
export class StoreBotFactory extends ReconnectingClientFactory {
  constructor(readonly store: Store, readonly channel: string, reactor: ReactorTime) {
    super({ reactor });
  }

  override buildProtocol(): StoreBot {
    return this.adopt(new StoreBot({ nickname: "storebot", versionName: "ropewalk storebot" }));
  }
}

if (import.meta.main) {
  const { reactor } = await import("@ropewalk/reactor");
  const [host = "localhost", port = "6667", channel = "#ropewalk"] = Deno.args;
  reactor.connectTCP(
    host,
    Number(port),
    new StoreBotFactory(new KeyValueStore(reactor, 900), channel, reactor),
  );
  await reactor.run();
}
