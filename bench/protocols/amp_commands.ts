/** The command of the AMP benchmark, on both sides. */
import { Command, Integer } from "@ropewalk/protocols/amp";

export class Sum extends Command {
  static override arguments = { a: new Integer(), b: new Integer() };
  static override response = { total: new Integer() };
}
