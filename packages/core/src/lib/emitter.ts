/**
 * A typed emitter for rare events. It tells and never decides: a listener that throws does so on its own, after the work at
 * hand is done, and cannot leave that work half done.
 */

type Listeners<Events> = { [K in keyof Events]?: readonly ((...args: Events[K] & unknown[]) => void)[] };

/** Listeners by event. */
export class Emitter<Events extends { [K in keyof Events]: unknown[] }> {
  private readonly listeners: Listeners<Events> = {};

  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): void {
    this.listeners[event] = [...(this.listeners[event] ?? []), listener];
  }

  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): void {
    this.listeners[event] = (this.listeners[event] ?? []).filter((candidate) => candidate !== listener);
  }

  emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    for (const listener of this.listeners[event] ?? []) {
      try {
        listener(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
