import type { EngineState, GetItem, ShareItem } from "../engine/messages.js";
/** An info-hash that ends in that digit. */
export declare function hashEnding(digit: number): string;
/** An engine with nothing under way, in a browser that can everything. */
export declare function exampleState(fields?: Partial<EngineState>): EngineState;
/** A file that is shared with nobody yet. */
export declare function exampleShare(fields?: Partial<ShareItem>): ShareItem;
/** A file of which a third has come. */
export declare function exampleGet(fields?: Partial<GetItem>): GetItem;
//# sourceMappingURL=state-fixture.d.ts.map
