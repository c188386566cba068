import type { Components } from "../components.ts";
import type { PluginApi } from "./api.ts";

/** Components that somebody else has written. */
export type PluginComponents = Partial<Components>;

/**
 * What the module of a plugin exports by default: its components, or a function that makes them of what Signalbox offers,
 * so that the module need not import anything.
 */
export type Plugin = PluginComponents | ((api: PluginApi) => PluginComponents | Promise<PluginComponents>);
