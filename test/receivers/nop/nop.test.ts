import { describe } from "vitest";
import { nopReceiverFactory } from "../../../receivers/nop/factory.ts";
import { testSettings } from "../../support/doubles.ts";
import { itLivesAsAComponent } from "../../support/lifecycle.ts";

describe("nop receiver", () => {
  itLivesAsAComponent(() => nopReceiverFactory.create({}, {}, testSettings()));
});
