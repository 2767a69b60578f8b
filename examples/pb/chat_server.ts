/**
 * A chat room over Perspective Broker: users log in, join groups, and hear who said what. Twisted's client can join too.
 *
 *     deno run --allow-net examples/pb/chat_server.ts --help
 *
 * @module
 */
import {
  AllowAnonymousAccess,
  type AvatarId,
  InMemoryUsernamePasswordDatabase,
  Portal,
} from "@ropewalk/cred";
import { Avatar, PBError, PBServerFactory, type RemoteReference, Viewable } from "@ropewalk/spread";
import { optionsOrSay, type Say, serve } from "./_program.ts";

/** What a user's client offers to the room: `remote_hear(group, who, text)`. */
export interface Listener {
  /** Somebody said something. */
  remote_hear(group: string, who: string, text: string): void;
}

/** The request cannot be granted; the message says why. */
export class ChatError extends PBError {
  static override readonly wireName = "chat.ChatError";
}

/** One group. Its members hold a view of it, so that it knows who speaks. */
export class Group extends Viewable {
  readonly members = new Set<User>();

  constructor(readonly name: string) {
    super();
  }

  /** Says something to all other members. */
  view_say(who: User, text: string): number {
    if (!this.members.has(who)) throw new ChatError(`${who.name} is not in ${this.name}`);
    let heard = 0;
    for (const member of this.members) {
      if (member === who || member.listener === null) continue;
      member.listener.callRemoteOnly("hear", this.name, who.name, text);
      heard++;
    }
    return heard;
  }

  /** Who is here. */
  view_who(_who: User): string[] {
    return [...this.members].map((member) => member.name).sort();
  }

  /** Leaves the group. */
  view_leave(who: User): void {
    this.members.delete(who);
  }
}

/** One user who is logged in. */
export class User extends Avatar {
  constructor(
    readonly room: Room,
    readonly name: string,
    readonly listener: RemoteReference<Listener> | null,
  ) {
    super();
  }

  /** Joins a group, which is made if there is none of that name. */
  perspective_join(name: string): Group {
    const group = this.room.group(name);
    group.members.add(this);
    return group;
  }

  /** The groups there are. */
  perspective_groups(): string[] {
    return [...this.room.groups.keys()].sort();
  }
}

/** The room: all groups, and the realm that makes its users. */
export class Room {
  readonly groups = new Map<string, Group>();
  #guests = 0;

  /** The group of a name. */
  group(name: string): Group {
    let group = this.groups.get(name);
    if (group === undefined) this.groups.set(name, group = new Group(name));
    return group;
  }

  /** A user comes in; on leaving, or when the connection is lost, the user is in no group any more. */
  requestAvatar(id: AvatarId, mind: unknown): { avatar: User; logout: () => void } {
    const name = typeof id === "string" ? id : `guest ${++this.#guests}`;
    const user = new User(this, name, mind as RemoteReference<Listener> | null);
    return {
      avatar: user,
      logout: () => {
        for (const group of this.groups.values()) group.members.delete(user);
      },
    };
  }
}

/** A factory that serves a room. */
export function chatFactory(room: Room, users: Record<string, string>): PBServerFactory {
  const checkers = [new InMemoryUsernamePasswordDatabase(users), new AllowAnonymousAccess()];
  return new PBServerFactory(new Portal(room, checkers));
}

const HELP = `A chat room over Perspective Broker, for alice (wonderland), bob (builder) and guests.

  --host HOST        the address to listen on (127.0.0.1)
  --port PORT        (8800)
  --help             this text`;

const DEFAULTS = { host: "127.0.0.1", port: 8800 };

/**
 * Runs the room until Ctrl-C.
 *
 * @param args The command line.
 * @param say Takes what is told to who started it.
 * @returns The exit code.
 */
export async function main(args: readonly string[], say: Say): Promise<number> {
  const options = optionsOrSay(args, DEFAULTS, HELP, say);
  if (typeof options === "number") return options;
  const factory = chatFactory(new Room(), { alice: "wonderland", bob: "builder" });
  const told = (where: string) => `The chat room is at ${where}. Ctrl-C stops.`;
  return await serve(options.host, [{ port: options.port, option: "port", factory, told }], say);
}

if (import.meta.main) Deno.exit(await main(Deno.args, console.log));
