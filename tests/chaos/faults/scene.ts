import type { Actor } from "../actor.js";
import type { Fault } from "../fault-plan.js";
import type { World } from "../world.js";

/** A fault and its victim. */
export interface Scene {
  readonly fault: Fault;
  readonly actor: Actor;
  readonly world: World;
}

/** Brings a fault about; resolves once it is over: true when it found something to break. */
export type Bring = (scene: Scene) => Promise<boolean>;
