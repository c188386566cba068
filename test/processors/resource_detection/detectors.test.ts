import { describe, expect, it } from "vitest";
import { detectors } from "../../../processors/resource_detection/detectors.ts";
import { detect, surroundings } from "./support.ts";

describe("every detector", () => {
  const others = detectors.map(({ name }) => name).filter((name) => name !== "env" && name !== "system");

  it.each(others)("%s says that nothing of its kind is here", async (name) => {
    const around = surroundings({ env: { DOCKER_HOST: "unix:///nowhere.sock", CONSUL_HTTP_ADDR: "127.0.0.1:1" } });
    await expect(detect(name, around)).rejects.toMatchObject({ name: "PermanentError" });
  });
});
