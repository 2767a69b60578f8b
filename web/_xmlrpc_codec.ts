/**
 * XML-RPC on the wire: values and messages to XML and back.
 *
 * ```text
 *   <int> <i4> <i8>  number, bigint beyond the safe ones     <dateTime.iso8601>  Date (as UTC)
 *   <boolean>        boolean                                 <base64>            Uint8Array
 *   <double>         number                                  <array>             Array
 *   <string>, none   string                                  <struct>            plain object
 *   <nil>            null, where it is allowed
 * ```
 * @module
 */
import { parseXml, type XmlElement, type XmlNode } from "@rgrove/parse-xml";
import { fromLatin1, latin1 } from "@ropewalk/protocols/bytes";

/** Values of XML-RPC. */
export type XMLRPCValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Date
  | Uint8Array
  | readonly XMLRPCValue[]
  | { readonly [name: string]: XMLRPCValue };

/** A text is no message of XML-RPC, or a value cannot be sent. */
export class XMLRPCError extends Error {
  /** The name of the class. */
  override readonly name = "XMLRPCError";
  /** Stable identifier of this kind of error. */
  readonly code = "XMLRPC";
}

/** What a call says. */
export interface Call {
  readonly method: string;
  readonly params: XMLRPCValue[];
}

/** How values are written. */
export interface WriteOptions {
  /** Whether `null` may be sent, as `<nil/>`. */
  readonly allowNull: boolean;
}

/** Values within values beyond this are refused: whoever sends them means harm. */
const MAX_DEPTH = 256;
const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

// Characters that XML 1.0 cannot hold, not even as references.
// deno-lint-ignore no-control-regex -- exactly those
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const NOT_XML = new RegExp(`${CONTROL.source}|${HALF_PAIR.source}`);

// ---------------------------------------------------------------------------------------------------- writing

/** A call as XML. */
export function writeCall(method: string, params: readonly unknown[], options: WriteOptions): string {
  return `<?xml version="1.0"?>\n<methodCall><methodName>${escape(method)}</methodName>${
    writeParams(params, options)
  }</methodCall>\n`;
}

/** A result as XML. */
export function writeResponse(result: unknown, options: WriteOptions): string {
  return `<?xml version="1.0"?>\n<methodResponse>${writeParams([result], options)}</methodResponse>\n`;
}

/** A fault as XML. */
export function writeFault(code: number, text: string): string {
  const fault = { faultCode: code, faultString: text.replace(new RegExp(NOT_XML, "g"), "\ufffd") };
  return `<?xml version="1.0"?>\n<methodResponse><fault>${
    writeValue(fault, { allowNull: false }, 0)
  }</fault></methodResponse>\n`;
}

function writeParams(params: readonly unknown[], options: WriteOptions): string {
  return `<params>${
    params.map((param) => `<param>${writeValue(param, options, 0)}</param>`).join("")
  }</params>`;
}

function writeValue(value: unknown, options: WriteOptions, depth: number): string {
  if (depth > MAX_DEPTH) throw new XMLRPCError("Cannot send a value: it is too deep, or holds itself");
  return `<value>${writeInner(value, options, depth)}</value>`;
}

function writeInner(value: unknown, options: WriteOptions, depth: number): string {
  switch (typeof value) {
    case "string":
      return `<string>${escape(value)}</string>`;
    case "boolean":
      return `<boolean>${value ? 1 : 0}</boolean>`;
    case "number":
      return writeNumber(value);
    case "bigint":
      return writeInteger(value);
    case "undefined":
      return writeNull(options);
    case "object":
      break;
    default:
      throw new XMLRPCError(`Cannot send a ${typeof value}: XML-RPC has no such type`);
  }
  if (value === null) return writeNull(options);
  if (value instanceof Date) return `<dateTime.iso8601>${writeDate(value)}</dateTime.iso8601>`;
  if (value instanceof Uint8Array) return `<base64>${btoa(latin1(value))}</base64>`;
  if (Array.isArray(value)) {
    return `<array><data>${
      value.map((each) => writeValue(each, options, depth + 1)).join("")
    }</data></array>`;
  }
  const members = value instanceof Map ? value : Object.entries(value as object);
  let text = "";
  for (const [name, each] of members) {
    if (typeof name !== "string") throw new XMLRPCError("Cannot send a Map: its keys are not all text");
    if (each === undefined) continue;
    text += `<member><name>${escape(name)}</name>${writeValue(each, options, depth + 1)}</member>`;
  }
  return `<struct>${text}</struct>`;
}

function writeNull({ allowNull }: WriteOptions): string {
  if (!allowNull) throw new XMLRPCError("Cannot send null: set `allowNull` if the peer understands it");
  return "<nil/>";
}

function writeNumber(value: number): string {
  if (Number.isInteger(value) && !Object.is(value, -0)) {
    if (value >= MIN_INT32 && value <= MAX_INT32) return `<int>${value}</int>`;
    if (Number.isSafeInteger(value)) return `<i8>${value}</i8>`;
  }
  if (!Number.isFinite(value)) throw new XMLRPCError(`Cannot send ${value}: XML-RPC has finite numbers only`);
  return `<double>${Object.is(value, -0) ? "-0.0" : plain(value)}</double>`;
}

// XML-RPC has no exponents; what is beyond digits is written with one all the same, as everybody does.
function plain(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}

function writeInteger(value: bigint): string {
  if (BigInt.asIntN(64, value) !== value) {
    throw new XMLRPCError("Cannot send an integer: it has more than 64 bits");
  }
  return value >= MIN_INT32 && value <= MAX_INT32 ? `<int>${value}</int>` : `<i8>${value}</i8>`;
}

function writeDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new XMLRPCError("Cannot send a Date: it is none");
  return date.toISOString().replace(/\.\d+Z$/, "").replaceAll("-", "");
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };

function escape(text: string): string {
  if (NOT_XML.test(text)) throw new XMLRPCError("Cannot send a text: it holds characters that XML cannot");
  return text.replace(/[&<>\r]/g, (character) => ESCAPES[character]!);
}

// ---------------------------------------------------------------------------------------------------- reading

/**
 * Reads a call.
 *
 * @throws {XMLRPCError} If it is none.
 */
export function readCall(text: string): Call {
  const root = parse(text, "methodCall");
  const method = textOf(only(root, "methodName")).trim();
  if (method === "") throw new XMLRPCError("The call names no method");
  return { method, params: readParams(root) };
}

/** What a response says. */
export type Answer = { readonly result: XMLRPCValue } | {
  readonly faultCode: number;
  readonly faultString: string;
};

/**
 * Reads a response.
 *
 * @throws {XMLRPCError} If it is none.
 */
export function readResponse(text: string): Answer {
  const root = parse(text, "methodResponse");
  const fault = elementsOf(root).find((element) => element.name === "fault");
  if (fault === undefined) {
    const params = readParams(root);
    if (params.length !== 1) throw new XMLRPCError(`The response has ${params.length} results, not one`);
    return { result: params[0]! };
  }
  const value = readValue(only(fault, "value"), 0) as Record<string, unknown> | null;
  const { faultCode, faultString } = value ?? {};
  if (typeof faultCode !== "number" || typeof faultString !== "string") {
    throw new XMLRPCError("The fault of the response is malformed");
  }
  return { faultCode, faultString };
}

function parse(text: string, name: string): XmlElement {
  let root: XmlElement | null;
  try {
    root = parseXml(text).root;
  } catch (cause) {
    throw new XMLRPCError(`The message is no XML: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
  if (root?.name !== name) throw new XMLRPCError(`The message is no <${name}>`);
  return root;
}

function readParams(root: XmlElement): XMLRPCValue[] {
  const params = elementsOf(root).find((element) => element.name === "params");
  if (params === undefined) return [];
  return elementsOf(params).map((param) => {
    if (param.name !== "param") throw new XMLRPCError(`<${param.name}> is no <param>`);
    return readValue(only(param, "value"), 0);
  });
}

function readValue(value: XmlElement, depth: number): XMLRPCValue {
  if (depth > MAX_DEPTH) throw new XMLRPCError("A value is too deep");
  const [typed, more] = elementsOf(value);
  if (typed === undefined) return textOf(value); // a string
  if (more !== undefined) throw new XMLRPCError("A value has two types");
  switch (typed.name) {
    case "string":
      return textOf(typed);
    case "int":
    case "i1":
    case "i2":
    case "i4":
    case "i8":
    case "biginteger":
      return readInteger(textOf(typed).trim());
    case "double":
    case "float":
      return readDouble(textOf(typed).trim());
    case "boolean":
      return readBoolean(textOf(typed).trim());
    case "dateTime.iso8601":
      return readDate(textOf(typed).trim());
    case "base64":
      return readBase64(textOf(typed));
    case "nil":
    case "ex:nil":
      return null;
    case "array":
      return elementsOf(only(typed, "data")).map((each) => {
        if (each.name !== "value") throw new XMLRPCError(`<${each.name}> is no <value>`);
        return readValue(each, depth + 1);
      });
    case "struct":
      return readStruct(typed, depth);
    default:
      throw new XMLRPCError(`There is no type <${typed.name}>`);
  }
}

function readStruct(struct: XmlElement, depth: number): XMLRPCValue {
  const object: Record<string, XMLRPCValue> = {};
  for (const member of elementsOf(struct)) {
    if (member.name !== "member") throw new XMLRPCError(`<${member.name}> is no <member>`);
    const name = textOf(only(member, "name"));
    // `__proto__` is a name as any other.
    Object.defineProperty(object, name, {
      value: readValue(only(member, "value"), depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

function readInteger(text: string): number | bigint {
  if (!/^[+-]?\d{1,40}$/.test(text)) throw new XMLRPCError("An integer is malformed");
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text.replace(/^\+/, ""));
}

function readDouble(text: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new XMLRPCError("A double is malformed");
  }
  return Number(text);
}

function readBoolean(text: string): boolean {
  if (text !== "0" && text !== "1") throw new XMLRPCError("A boolean is neither 0 nor 1");
  return text === "1";
}

const DATE = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.\d+)?Z?$/;

function readDate(text: string): Date {
  const [, year, month, day, hour, minute, second] = DATE.exec(text) ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime())) throw new XMLRPCError("A date is malformed");
  return date;
}

function readBase64(text: string): Uint8Array {
  try {
    return fromLatin1(atob(text.replace(/\s+/g, "")));
  } catch {
    throw new XMLRPCError("Base64 is malformed");
  }
}

function isElement(node: XmlNode): node is XmlElement {
  return node.type === "element";
}

function elementsOf(parent: XmlElement): XmlElement[] {
  return parent.children.filter(isElement);
}

function only(parent: XmlElement, name: string): XmlElement {
  const found = elementsOf(parent).filter((element) => element.name === name);
  if (found.length !== 1) throw new XMLRPCError(`<${parent.name}> has ${found.length} <${name}>, not one`);
  return found[0]!;
}

function textOf(element: XmlElement): string {
  if (elementsOf(element).length > 0) throw new XMLRPCError(`<${element.name}> holds more than text`);
  return element.text;
}
