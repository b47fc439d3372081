import { describe, expect, it } from "vitest";
import { Listeners } from "./listeners.js";

describe("Listeners", () => {
  it("are told in the order in which they asked, until they have enough", () => {
    const listeners = new Listeners<number>();
    const heard: string[] = [];
    const stop = listeners.add((value) => heard.push(`a${value}`));
    listeners.add((value) => heard.push(`b${value}`));
    listeners.emit(1);
    stop();
    listeners.emit(2);
    listeners.clear();
    listeners.emit(3);
    expect(heard).toEqual(["a1", "b1", "b2"]);
  });

  it("may come and go while they are being told", () => {
    const listeners = new Listeners<number>();
    const heard: string[] = [];
    const stop = listeners.add(() => {
      stop();
      listeners.add((value) => heard.push(`late${value}`));
    });
    listeners.add((value) => heard.push(`b${value}`));
    listeners.emit(1);
    listeners.emit(2);
    expect(heard).toEqual(["b1", "b2", "late2"]);
  });
});
