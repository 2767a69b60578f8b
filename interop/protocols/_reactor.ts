export type { Failure } from "@ropewalk/deferred";
export { type Connector, type ListeningPort, reactor } from "@ropewalk/reactor";
