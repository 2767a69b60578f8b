/**
 * The whole program but for its command line: one store, three services, any reactor.
 */
import { Deferred, gatherResults, inlineCallbacks } from "@ropewalk/deferred";
import { type CannotListenError, type ListeningPort, type Reactor } from "@ropewalk/reactor/core";
import { PBServerFactory } from "@ropewalk/spread";
import { LineFactory } from "./line_service.ts";
import { KeyValueRoot } from "./pb_service.ts";
import { KeyValueStore } from "./store.ts";
import { keyValueSite } from "./web_service.ts";
