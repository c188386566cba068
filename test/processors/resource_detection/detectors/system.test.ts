import { describe, expect, it } from "vitest";
import type { Surroundings } from "../../../../processors/resource_detection/detector.ts";
import { detect, surroundings } from "../support.ts";

describe("detector system", () => {
  const hosts = { "/etc/hosts": "127.0.0.1 localhost\n10.0.0.7\tweb-1.example.com web-1 # own\n" };
  const nameBy = async (sources: string[], around: Surroundings) =>
    (await detect("system", around, { hostname_sources: sources }))["host.name"];
  const dns = (answers: Partial<Record<"lookup" | "reverse" | "resolveCname", unknown>>): Surroundings["dns"] => {
    const known = Object.entries(answers).map(([name, answer]) => [name, async () => answer]);
    return { ...surroundings().dns, ...Object.fromEntries(known) } as Surroundings["dns"];
  };

  it("knows the host's name by each of its sources", async () => {
    expect(await nameBy(["os"], surroundings({}, hosts))).toBe("web-1");
    expect(await nameBy(["dns"], surroundings({}, hosts))).toBe("web-1.example.com");
    const canonical = surroundings({ dns: dns({ resolveCname: ["web.example.org."] }) });
    expect(await nameBy(["cname"], canonical)).toBe("web.example.org");
    expect(await nameBy(["dns"], canonical)).toBe("web.example.org");
    const reverse = surroundings({ dns: dns({ lookup: [{ address: "10.0.0.7" }], reverse: ["seven.example.org"] }) });
    expect(await nameBy(["lookup"], reverse)).toBe("seven.example.org");
    expect(await nameBy(["dns"], reverse)).toBe("seven.example.org");
  });

  it("asks the sources in order, dns and then os by default, and says what each of them lacks", async () => {
    expect(await nameBy([], surroundings())).toBe("web-1");
    expect((await detect("system", surroundings()))["host.name"]).toBe("web-1");
    await expect(nameBy(["cname", "lookup"], surroundings())).rejects.toThrow(
      "no hostname_sources knows the name of the host (cname: queryA ENOTFOUND web-1; lookup: queryA ENOTFOUND web-1)",
    );
  });

  it("describes the operating system and the first processor as Linux does", async () => {
    const files = {
      "/etc/os-release": 'NAME="Ubuntu"\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.3 LTS"\n',
      "/proc/cpuinfo": `processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85
model name\t: Intel(R) Xeon(R)\nstepping\t: 7\ncache size\t: 36608 KB\n\nprocessor\t: 1\nmodel\t\t: 99\n`,
    };
    const found = await detect("system", surroundings({}, files), { hostname_sources: ["os"] });
    expect(found).toMatchObject({
      "os.type": process.platform,
      "os.name": "Ubuntu",
      "os.version": "22.04",
      "host.cpu.vendor.id": "GenuineIntel",
      "host.cpu.family": "6",
      "host.cpu.model.id": "85",
      "host.cpu.model.name": "Intel(R) Xeon(R)",
      "host.cpu.stepping": "7",
      "host.cpu.cache.l2.size": 36_608,
    });
    expect(found["os.description"]).toMatch(/^Ubuntu 22\.04\.3 LTS \(\w+ web-1 /);
  });

  it("lists addresses without loopback, hardware addresses in the form of IEEE", async () => {
    const address = { netmask: "", family: "IPv4" as const, cidr: null };
    const around = surroundings();
    const networkInterfaces = () => ({
      lo: [{ ...address, address: "127.0.0.1", mac: "00:00:00:00:00:00", internal: true }],
      eth0: ["10.0.0.7", "10.0.0.8"].map((ip) => ({
        ...address,
        address: ip,
        mac: "aa:bb:cc:0d:ee:0f",
        internal: false,
      })),
    });
    const found = await detect("system", { ...around, os: { ...around.os, networkInterfaces } });
    expect(found).toMatchObject({
      "host.interface": ["eth0"],
      "host.ip": ["10.0.0.7", "10.0.0.8"],
      "host.mac": ["AA-BB-CC-0D-EE-0F"],
    });
  });
});
