/**
 * Places for calls under way at once within one invocation. Who waits here costs nothing; who waits at a target's gate
 * asks again and again, and every question is a request. Waiting ends because every holder gives its place back.
 */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves in the order asked. */
  take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Once for every `take` that resolved. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
