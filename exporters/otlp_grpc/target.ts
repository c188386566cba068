/** Where to connect, in the words of @grpc/grpc-js. */
export interface Target {
  readonly address: string;
  /** What the endpoint's scheme says of TLS; undefined when it says nothing. */
  readonly secure: boolean | undefined;
}

/** Reads an `endpoint`. `passthrough:///` means the address as it stands, which is what a bare one means. */
export function parseTarget(endpoint: string): Target {
  const web = /^(https?):\/\/([^/]+)\/?$/i.exec(endpoint);
  if (web !== null) return { address: web[2]!, secure: web[1]!.toLowerCase() === "https" };
  return { address: endpoint.replace(/^passthrough:\/\/\//, ""), secure: undefined };
}
