/** Options of {@linkcode delay}. */
export interface DelayOptions {
  signal?: AbortSignal;
  persistent?: boolean;
}
/** Resolves after `ms` milliseconds. */
export function delay(ms: number, options?: DelayOptions): Promise<void>;
