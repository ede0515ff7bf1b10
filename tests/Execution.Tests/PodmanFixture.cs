using Docker.DotNet.Models;
using PRTS.Tests;

namespace PRTS.Execution.Tests;

/// <summary>podman's service, which speaks the Docker API, with storage and networks of its own.</summary>
public sealed class PodmanFixture : EngineFixture
{
    protected override string Program => "/usr/bin/podman";

    protected override string Package => "podman runc netavark aardvark-dns";

    protected override IReadOnlyList<string> Prepare(IDictionary<string, string?> environment)
    {
        // Debian's crun does not start containers on every kernel, and without systemd there are no cgroups of its making.
        File.WriteAllText(In("containers.conf"), $"""
            [containers]
            default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
            [engine]
            runtime = "runc"
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            [network]
            network_backend = "netavark"
            network_config_dir = "{In("networks")}"
            """);
        environment["CONTAINERS_CONF"] = In("containers.conf");
        return ["--root", In("storage"), "--runroot", In("run"), "--storage-driver", "vfs", "system", "service", "--time", "0", "unix://" + Socket];
    }

    protected override Task Name(string repository, string tag) =>
        Client.Images.TagImageAsync($"{repository}:latest", new ImageTagParameters { RepositoryName = repository, Tag = tag });
}
