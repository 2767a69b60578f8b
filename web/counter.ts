/**
 * Figures that a program tells of itself.
 * @module
 */

/** Something with a value to show. */
export interface Figure {
  /** The group it is shown in. */
  readonly category: string;
  /** Its name within the group. */
  readonly name: string;
  /** What it is now. */
  readonly value: number | string;
}

/** The figures of a program, by category; in the order in which they were added. */
export class Figures {
  readonly #categories = new Map<string, Map<string, Figure>>();

  /** Adds a figure, in place of another of its category and name. */
  add(figure: Figure): void {
    let category = this.#categories.get(figure.category);
    if (category === undefined) this.#categories.set(figure.category, category = new Map());
    category.set(figure.name, figure);
  }

  /** Removes a figure. */
  delete(figure: Figure): void {
    const category = this.#categories.get(figure.category);
    if (category?.get(figure.name) !== figure) return;
    category.delete(figure.name);
    if (category.size === 0) this.#categories.delete(figure.category);
  }

  /** What all of them are now. A figure that cannot be read shows why. */
  read(): Record<string, Record<string, number | string>> {
    const all: Record<string, Record<string, number | string>> = Object.create(null);
    for (const [category, figures] of this.#categories) {
      const values: Record<string, number | string> = all[category] = Object.create(null);
      for (const [name, figure] of figures) {
        try {
          values[name] = figure.value;
        } catch (error) {
          values[name] = String(error);
        }
      }
    }
    return all;
  }
}

/** The figures of this program, unless it makes a set of its own. */
export const figures: Figures = new Figures();

/**
 * Counts something, and shows it on the status page.
 *
 * @example
 * ```ts
 * import { Counter } from "@ropewalk/web";
 *
 * const stored = new Counter("store", "keys stored");
 * stored.add();
 * ```
 */
export class Counter implements Figure {
  /** What it counts to now. */
  value = 0;

  /**
   * Makes one.
   *
   * @param category The group it is shown in.
   * @param name Its name within the group; another figure of that name gives way.
   * @param among The set that it is shown with. @default those of the program
   */
  constructor(readonly category: string, readonly name: string, among: Figures = figures) {
    among.add(this);
  }

  /** Counts on, or back if `n` is negative. */
  add(n = 1): void {
    this.value += n;
  }

  /** Sets it. */
  set(value: number): void {
    this.value = value;
  }
}

/**
 * A figure that is asked for when somebody looks.
 *
 * @example
 * ```ts
 * import { Gauge } from "@ropewalk/web";
 *
 * const keys = new Map();
 * new Gauge("store", "keys now", () => keys.size);
 * ```
 */
export class Gauge implements Figure {
  readonly #read: () => number | string;

  /**
   * Makes one.
   *
   * @param category The group it is shown in.
   * @param name Its name within the group; another figure of that name gives way.
   * @param read Tells what it is now.
   * @param among The set that it is shown with. @default those of the program
   */
  constructor(
    readonly category: string,
    readonly name: string,
    read: () => number | string,
    among: Figures = figures,
  ) {
    this.#read = read;
    among.add(this);
  }

  /** What it is now. */
  get value(): number | string {
    return this.#read();
  }
}
