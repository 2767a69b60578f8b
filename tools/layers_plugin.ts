/**
 * The layers as a plugin of `deno lint`: it reads the syntax tree, so comments and strings don't fool it, and
 * asks the table in `check_layers.ts` about every import and every name of a host.
 * @module
 */
import { HOST_NAMES } from "./check_layers.ts";
import { judgeGlobal, judgeImport, judgeTestSocket, layerOf } from "./layer_rules.ts";

type Node = Deno.lint.Node;

const ROOT = new URL("../", import.meta.url).pathname;

/** A file's path from the root of the workspace; fixtures of tests already have one. */
function fromRoot(filename: string): string {
  const path = filename.startsWith("file://") ? new URL(filename).pathname : filename;
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path.replace(/^\//, "");
}

function textOf(node: { readonly type: string; readonly value?: unknown } | null): string | undefined {
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

const imports: Deno.lint.Rule = {
  create(context) {
    const path = fromRoot(context.filename);
    function judge(node: Node, specifier: string | undefined, typeOnly: boolean): void {
      const wrong = specifier === undefined ? undefined : judgeImport(path, specifier, typeOnly);
      if (wrong !== undefined) context.report({ node, message: wrong });
    }
    return {
      ImportDeclaration(node) {
        judge(node, node.source.value, node.importKind === "type" || allTypes(node.specifiers));
      },
      ExportNamedDeclaration(node) {
        if (node.source !== null) judge(node, node.source.value, node.exportKind === "type");
      },
      ExportAllDeclaration(node) {
        judge(node, node.source.value, node.exportKind === "type");
      },
      ImportExpression(node) {
        judge(node, textOf(node.source), false);
      },
      TSImportType(node) {
        judge(node, /["']([^"']+)["']/.exec(context.sourceCode.getText(node))?.[1], true);
      },
      TSExternalModuleReference(node) {
        judge(node, node.expression.value, false);
      },
    };
  },
};

/** `import { type A, type B } from` loads its module all the same, unless every name is a type. */
function allTypes(specifiers: Deno.lint.ImportDeclaration["specifiers"]): boolean {
  return specifiers.length > 0 &&
    specifiers.every((s) => s.type === "ImportSpecifier" && s.importKind === "type");
}

/** Takes `(globalThis as T)`, `globalThis!` and parentheses off. */
function unwrap(node: Node | null | undefined): Node | null | undefined {
  let inner = node;
  while (
    inner?.type === "TSAsExpression" || inner?.type === "TSNonNullExpression" ||
    inner?.type === "TSSatisfiesExpression" || inner?.type === "TSTypeAssertion"
  ) inner = inner.expression;
  return inner;
}

const GLOBAL_OBJECTS = ["globalThis", "self", "window", "global"];

/** The names that are looked at; `Date` is fine but for asking what time it is. */
const WATCHED = new Set([...Object.keys(HOST_NAMES), ...GLOBAL_OBJECTS, "Date"]);

function isGlobalObject(node: Node | null | undefined): boolean {
  const inner = unwrap(node);
  return inner?.type === "Identifier" && GLOBAL_OBJECTS.includes(inner.name);
}

/**
 * Whether this, which `Date` stands in, is `Date.now()` or `new Date()`. `Date.now` that is not called is fine: it is
 * the default of an option `now`, by which the time is handed in.
 */
function isQuestionOfTime(node: Node): boolean {
  if (node.type === "NewExpression") return node.arguments.length === 0;
  if (node.type !== "MemberExpression" || (node.property as Deno.lint.Identifier).name !== "now") {
    return false;
  }
  const outer = parentOf(node);
  return outer.type === "CallExpression" && outer.callee.range[0] === node.range[0];
}

/** What a node stands in. Only the program itself stands in nothing, and nobody asks about that. */
function parentOf(node: Node): Node {
  return (node as { parent?: Node }).parent!;
}

/** Whether `(globalThis as T)` is at once asked for one member, or taken apart by a pattern. */
function isLooked(node: Node): boolean {
  let outer = parentOf(node);
  while (outer.type === "TSAsExpression" || outer.type === "TSNonNullExpression") {
    outer = outer.parent as Node;
  }
  return outer.type === "MemberExpression" ||
    outer.type === "VariableDeclarator" && (outer.id as Node).type === "ObjectPattern";
}

/** What an identifier is where it stands: a use of a name in scope, the declaration of one, or neither. */
function roleOf(node: Deno.lint.Identifier): "use" | "declaration" | "neither" {
  const parent = node.parent as Node & Record<string, unknown>;
  const is = (child: unknown) => (child as Node | undefined)?.range?.[0] === node.range[0];
  switch (parent.type) {
    case "MemberExpression":
      // `globalThis.x` is judged by the name `x`; a `globalThis` that goes elsewhere could be asked for anything.
      if (node.name === "globalThis" && is(parent.object)) return "neither";
      if (parent.computed || is(parent.object)) return "use";
      return isGlobalObject(parent.object) ? "use" : "neither";
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "TSSatisfiesExpression":
      if (node.name !== "globalThis") return "use";
      return isLooked(parent) ? "neither" : "use";
    case "TSTypeQuery":
      return node.name === "globalThis" ? "neither" : "use";
    case "TSQualifiedName":
      return is(parent.left) ? "use" : "neither";
    case "Property":
      return roleOfProperty(node, parent as Deno.lint.Property);
    case "VariableDeclarator":
      if (node.name === "globalThis" && (parent.id as Node).type === "ObjectPattern") return "neither";
      return is(parent.id) ? "declaration" : "use";
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      // `() => fetch`: the body of an arrow is a use.
      return is(parent.body) ? "use" : "declaration";
    case "ClassDeclaration":
    case "ClassExpression":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return is(parent.id) ? "declaration" : "use";
    case "RestElement":
    case "CatchClause":
      return "declaration";
    case "AssignmentPattern":
      return is(parent.left) ? "declaration" : "use";
    case "MethodDefinition":
    case "PropertyDefinition":
      return !parent.computed && is(parent.key) ? "neither" : "use";
    case "ExportSpecifier":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return "neither";
    default:
      return parent.type.startsWith("TS") && !/Type(Query|Reference)|Expression|Assertion/.test(parent.type)
        ? "neither"
        : "use";
  }
}

/** `{ Deno }` is a use in an object, a declaration in a pattern, and a use again when taken off `globalThis`. */
function roleOfProperty(node: Deno.lint.Identifier, property: Deno.lint.Property): ReturnType<typeof roleOf> {
  const isKey = property.key.range[0] === node.range[0] && !property.computed;
  const outer = property.parent as Node;
  if (outer.type === "ObjectPattern") {
    const declarator = outer.parent as Node;
    if (isKey && declarator.type === "VariableDeclarator" && isGlobalObject(declarator.init)) return "use";
    return isKey && !property.shorthand ? "neither" : "declaration";
  }
  return isKey && !property.shorthand ? "neither" : "use";
}

const hosts: Deno.lint.Rule = {
  create(context) {
    const path = fromRoot(context.filename);
    // By place, since the tree holds the one name of `{ fetch }` twice.
    const used = new Map<number, Deno.lint.Identifier>();
    // Scopes are not known here. A file that declares a name of its own is taken to mean that one throughout.
    const declared = new Set<string>();
    function tell(node: Node, wrong: string | undefined): void {
      if (wrong !== undefined) context.report({ node, message: wrong });
    }
    /** Judges what is asked of a name, where that says more than the name itself. */
    function judgeMember(node: Deno.lint.Identifier): void {
      let outer = parentOf(node);
      if (isGlobalObject(node)) {
        while (unwrap(outer) !== outer) outer = parentOf(outer);
        if (outer.type !== "MemberExpression" || !outer.computed) return;
        const name = textOf(outer.property as Deno.lint.StringLiteral);
        if (name !== undefined) tell(outer, judgeGlobal(path, name));
      } else if (node.name === "Date" && isQuestionOfTime(outer)) {
        tell(outer, judgeGlobal(path, "Date.now"));
      } else if (node.name === "Deno" && outer.type === "MemberExpression") {
        tell(outer, judgeTestSocket(path, `Deno.${(outer.property as Deno.lint.Identifier).name}`));
      }
    }
    return {
      // One visitor for all of it, which most names leave at once: selectors with attributes take several times
      // as long over the whole tree.
      Identifier(node) {
        if (!WATCHED.has(node.name)) return;
        judgeMember(node);
        if (!Object.hasOwn(HOST_NAMES, node.name)) return;
        const role = roleOf(node);
        if (role === "declaration") declared.add(node.name);
        if (role === "use") used.set(node.range[0], node);
      },
      "Program:exit"() {
        for (const node of used.values()) {
          if (!declared.has(node.name)) tell(node, judgeGlobal(path, node.name));
        }
      },
    };
  },
};

const entries: Deno.lint.Rule = {
  create(context) {
    const path = fromRoot(context.filename);
    if (!path.endsWith("/mod.ts") || layerOf(path) === undefined) return {};
    const message = "a mod.ts is the list of what its module exports, name by name, and nothing else";
    return {
      Program(program) {
        for (const node of program.body) {
          const listed = node.type === "ExportNamedDeclaration" && node.source !== null;
          const loaded = node.type === "ImportDeclaration" && node.specifiers.length === 0;
          if (listed || loaded || context.sourceCode.getText(node) === "export {};") continue;
          context.report({ node, message });
        }
      },
    };
  },
};

/** The plugin, as `deno.json` names it. */
const plugin: Deno.lint.Plugin = { name: "layers", rules: { imports, hosts, entries } };
export default plugin;
