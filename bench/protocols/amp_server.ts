/** Serves `Sum` by our AMP. */
import { Factory } from "@ropewalk/protocols";
import { AMP, CommandLocator } from "@ropewalk/protocols/amp";
import { reactor } from "@ropewalk/reactor";
import { Sum } from "./amp_commands.ts";

const locator = new CommandLocator().respond(Sum, ({ a, b }) => ({ total: a + b }));
const port = reactor.listenTCP(0, Factory.forProtocol(AMP, { locator }), { hostname: "127.0.0.1" });
console.log("port", (port.getHost() as { port: number }).port);
