import { z } from "zod";
import { defineDetector, type Surroundings } from "../detector.ts";

const info = z.object({ Name: z.string(), OSType: z.string() });
const container = z.object({ Name: z.string(), Config: z.object({ Image: z.string() }) });

/** The host of the container, by the Docker daemon's socket. */
export const dockerDetector = defineDetector({
  name: "docker",
  attributes: { "host.name": true, "os.type": true, "container.name": false, "container.image.name": false },
  options: {},
  async detect({ around, wants }) {
    const { Name, OSType } = await ask("/info", info, around);
    const found = { "host.name": Name, "os.type": OSType };
    if (!wants("container.name") && !wants("container.image.name")) return found;
    const id = encodeURIComponent(around.os.hostname());
    const own = await ask(`/containers/${id}/json`, container, around);
    return { ...found, "container.name": own.Name.replace(/^\//, ""), "container.image.name": own.Config.Image };
  },
});

/** DOCKER_HOST says where the daemon listens, as for Docker's own tools. */
async function ask<Output>(path: string, schema: z.ZodType<Output>, { env, http }: Surroundings): Promise<Output> {
  const host = env["DOCKER_HOST"] || "unix:///var/run/docker.sock";
  if (host.startsWith("unix://")) {
    return await http.json({ url: `http://localhost${path}`, socketPath: host.slice("unix://".length) }, schema);
  }
  return await http.json({ url: `${host.replace(/^tcp:/, "http:").replace(/\/$/, "")}${path}` }, schema);
}
