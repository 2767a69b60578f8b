/**
 * Asks the table of the layers: may this file import that, may it name this? The answers are words, so that
 * lint can show them where the import stands.
 * @module
 */
import {
  FREE_FOLDERS,
  HOST_EXCEPTIONS,
  HOST_NAMES,
  LAYERS,
  TEST_IMPORTS,
  TEST_PACKAGES,
} from "./check_layers.ts";

/** Whether a file is a test, or part of one, and so not published. */
export function isTest(path: string): boolean {
  return /_test\.tsx?$|(^|\/)(_contract|testdata)\//.test(path);
}

function withoutExtension(path: string): string {
  return path.replace(/(\.d)?\.tsx?$/, "");
}

function isUnder(name: string, key: string): boolean {
  if (name === key || name.startsWith(`${key}/`) || name.startsWith(`${key}_`)) return true;
  const slash = key.lastIndexOf("/");
  return slash > 0 && name.startsWith(`${key.slice(0, slash)}/_${key.slice(slash + 1)}`);
}

/**
 * Finds the layer of a file or an entry: the longest key of {@linkcode LAYERS} that fits.
 *
 * @param path A path from the root of the workspace, with `/` between its parts.
 * @returns The key, or `undefined` when the table has none.
 */
export function layerOf(path: string): string | undefined {
  const name = withoutExtension(path);
  let best: string | undefined;
  for (const key of Object.keys(LAYERS)) {
    if (isUnder(name, key) && (best === undefined || key.length > best.length)) best = key;
  }
  return best;
}

/** Resolves `../x/y.ts` against the path of the file that names it. */
function resolveRelative(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.indexOf("/"), 0));
}

/** The package of a bare specifier: `@std/async/delay` is of `@std/async`. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/**
 * Judges one import.
 *
 * @param path The importing file, from the root of the workspace.
 * @param specifier What it imports, as written.
 * @param typeOnly Whether it is an `import type` or `export type`.
 * @returns What is wrong in words, or `undefined` when nothing is.
 */
export function judgeImport(path: string, specifier: string, typeOnly = false): string | undefined {
  const folder = folderOf(path);
  const relative = /^\.{0,2}\//.test(specifier);
  if (/^https?:/.test(specifier)) return `${specifier}: nothing is imported from a web address`;
  // What only measurements and real peers need is named where it is used: `deno task` fetches all that the map names.
  if (/^(npm|jsr):/.test(specifier) && !/^(tools\/std|bench|interop)\//.test(path)) {
    return `${specifier}: give it a bare name in the import map of the root deno.json`;
  }
  if (FREE_FOLDERS.includes(folder)) return judgeFreeImport(path, specifier);
  if (folder === "") return judgeRootImport(specifier);
  const from = layerOf(path);
  if (from === undefined) return `${path} is in no layer: add it to LAYERS in tools/check_layers.ts`;
  if (relative) return judgeRelativeImport(path, from, specifier, typeOnly);
  if (specifier.startsWith("@ropewalk/")) {
    return judgeLayer(path, from, specifier.slice("@ropewalk/".length).replaceAll("-", "_"), typeOnly);
  }
  if (specifier.startsWith("node:")) {
    if (LAYERS[from]!.host === true || isTest(path)) return undefined;
    return `${from} may not name the host: ${specifier}`;
  }
  const name = packageOf(specifier);
  if (LAYERS[from]!.packages?.includes(name)) return undefined;
  if (isTest(path) && TEST_PACKAGES.includes(name)) return undefined;
  return `${from} may not import the package ${name}`;
}

function judgeFreeImport(path: string, specifier: string): string | undefined {
  if (!path.startsWith("examples/") || !specifier.startsWith(".")) return undefined;
  if (FREE_FOLDERS.includes(folderOf(resolveRelative(path, specifier)))) return undefined;
  return `${specifier}: an example imports a module by its bare name, as a reader would`;
}

function judgeRootImport(specifier: string): string | undefined {
  if (/^@ropewalk\/[^/]+$/.test(specifier)) return undefined;
  return `${specifier}: the root entry joins the modules by their bare names and imports nothing else`;
}

function judgeRelativeImport(
  path: string,
  from: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  const target = resolveRelative(path, specifier);
  const other = folderOf(target);
  if (other !== folderOf(path)) {
    if (isTest(path) && target.startsWith("reactor/_contract/")) return undefined;
    return `${specifier}: import another module by its bare name (@ropewalk/${other})`;
  }
  if (isTest(target) && !isTest(path)) return `${specifier}: only tests import a test`;
  if (isTest(target)) return undefined;
  return judgeLayer(path, from, target, typeOnly);
}

function judgeLayer(path: string, from: string, target: string, typeOnly: boolean): string | undefined {
  const to = layerOf(target);
  if (to === undefined) return `${target} is in no layer: add it to LAYERS in tools/check_layers.ts`;
  const layer = LAYERS[from]!;
  if (to === from || layer.imports.includes(to)) return undefined;
  if (layer.types?.includes(to) && !(isTest(path) && TEST_IMPORTS.includes(to))) {
    return typeOnly ? undefined : `${from} may import only types from ${to}`;
  }
  if (isTest(path) && (TEST_IMPORTS.includes(to) || folderOf(path) === folderOf(target))) return undefined;
  return `${from} may not import ${to}: imports point down only`;
}

/**
 * Judges one name that is neither imported nor declared in the file.
 *
 * @param path The file, from the root of the workspace.
 * @param name The name: `Deno`, `setTimeout`.
 * @returns What is wrong in words, or `undefined` when nothing is.
 */
export function judgeGlobal(path: string, name: string): string | undefined {
  const instead = HOST_NAMES[name];
  if (instead === undefined || isTest(path)) return undefined;
  const folder = folderOf(path);
  if (FREE_FOLDERS.includes(folder)) return undefined;
  const from = folder === "" ? "the root entry" : layerOf(path);
  if (from !== undefined && LAYERS[from]?.host === true) return undefined;
  if (HOST_EXCEPTIONS[path]?.includes(name)) return undefined;
  return `${from ?? path} may not name ${name}: ${instead}`;
}

/**
 * Judges what a test asks of the host: real sockets are for the tests of the hosts and for real peers only.
 *
 * @param path The file, from the root of the workspace.
 * @param name A member of the host: `Deno.listen`.
 * @returns What is wrong in words, or `undefined` when nothing is.
 */
export function judgeTestSocket(path: string, name: string): string | undefined {
  const folder = folderOf(path);
  if (!isTest(path) || folder === "reactor" || FREE_FOLDERS.includes(folder)) return undefined;
  if (!/^Deno\.(listen|connect|startTls|serve)/.test(name)) return undefined;
  return `${name}: a test uses no real socket: take a StringTransport, or put it into interop/`;
}
