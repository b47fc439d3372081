import { catalogueTexts } from "./texts/catalogue.js";
import { gettingTexts } from "./texts/getting.js";
import { pageTexts } from "./texts/page.js";
import { sharingTexts } from "./texts/sharing.js";

/** Everything the page says, by topic; what takes a number says it in words that fit it. */
export const texts = { ...pageTexts, ...sharingTexts, ...gettingTexts, ...catalogueTexts } as const;
