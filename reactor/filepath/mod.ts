/**
 * Files, reached through a `FilePath` that was handed in, so that a test can hand in a double.
 *
 * @example
 * ```ts
 * import { FilePath } from "@ropewalk/reactor/filepath";
 *
 * console.assert(new FilePath("/srv").child("www").basename() === "www");
 * ```
 *
 * @module
 */
export { FilePath, InsecurePath, isMissing } from "./file_path.ts";
export type { FileStat, FileSystem, OpenFile, OpenMode } from "./file_system.ts";
export { hostFileSystem } from "./node_file_system.ts";
