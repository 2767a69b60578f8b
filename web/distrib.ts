/**
 * Parts of a site that other processes answer, over Perspective Broker: the front has a `ResourceSubscription` where the
 * part is mounted, the other process a `ResourcePublisher` of its site.
 *
 * @example The process behind
 * ```ts
 * import { Data, Site } from "@ropewalk/web";
 * import { ResourcePublisher } from "@ropewalk/web/distrib";
 * import { PBServerFactory } from "@ropewalk/spread";
 *
 * const publisher = new ResourcePublisher(new Site(new Data("hello", "text/plain")));
 * const factory = new PBServerFactory(publisher); // reactor.listenUNIX("/run/app/web", factory)
 * ```
 *
 * @module
 */
export type { ReceivedRequest } from "./_distrib_wire.ts";
export { ResourcePublisher } from "./distrib_publisher.ts";
export { ResourceSubscription, type ResourceSubscriptionOptions } from "./distrib_subscription.ts";
export { type HomeOf, UserDirectory, type UserDirectoryOptions } from "./distrib_user_directory.ts";
