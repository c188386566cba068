import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { detect, metadataServer, surroundings } from "../support.ts";

describe("detector docker", () => {
  it("asks the daemon's socket for the host, and for the own container", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-docker-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "docker.sock");
    const answers = {
      "/info": { Name: "node-a", OSType: "linux" },
      "/containers/web-1/json": { Name: "/collector", Config: { Image: "signalbox:1" } },
    };
    await metadataServer(answers, { path });
    expect(await detect("docker", surroundings({ env: { DOCKER_HOST: `unix://${path}` } }))).toEqual({
      "host.name": "node-a",
      "os.type": "linux",
      "container.name": "collector",
      "container.image.name": "signalbox:1",
    });
  });

  it("asks over TCP where DOCKER_HOST says so, and names the socket that is not there", async () => {
    const { address } = await metadataServer({
      "/info": { Name: "n", OSType: "linux" },
      "/containers/web-1/json": 404,
    });
    const env = { DOCKER_HOST: address.replace("http:", "tcp:") };
    await expect(detect("docker", surroundings({ env }))).rejects.toThrow(
      /containers\/web-1\/json answers with status 404/,
    );
    await expect(detect("docker", surroundings({ env: { DOCKER_HOST: "unix:///nowhere.sock" } }))).rejects.toThrow(
      "GET /info of /nowhere.sock does not answer",
    );
  });
});
