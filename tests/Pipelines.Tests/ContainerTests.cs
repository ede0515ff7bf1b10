using PRTS.Pipelines.Planning;

namespace PRTS.Pipelines.Tests;

/// <summary><c>image</c>, <c>services</c> and <c>resources</c>.</summary>
public class ContainerTests
{
    [Fact]
    public void Container_AllKeys_ArePlanned()
    {
        var job = Job("""
            image: {name: "node:20", pull: always, user: "1000:1000", read_only: true}
            resources: {cpu: 1.5, memory: 512MB, pids: 100}
            services:
              - registry.example.com:5000/db/Postgres_Gis:15@sha256:abc
              - image: redis
                name: cache
                pull: never
                variables: {A: a, B: b}
                env: {B: c}
                command: [redis-server, --port, "7000"]
                ports: [7000, 7001]
                health: {command: redis-cli ping, interval: 2s, timeout: 3s, retries: 4}
              - {image: mysql, health: mysqladmin ping}
            """);

        Assert.Equal(
            Empty with { Image = "node:20", Pull = PullPolicy.Always, User = "1000:1000", ReadOnly = true, Limits = new ContainerLimits { Cpu = 1.5, Memory = 512 << 20, Pids = 100 } },
            job.Container! with { Env = Empty.Env, Ports = Empty.Ports, Command = Empty.Command });
        Assert.Equal(["postgres-gis", "cache", "mysql"], job.ServiceContainers.Select(service => service.Name));
        var cache = job.ServiceContainers[1];
        Assert.Equal(("redis", PullPolicy.Never, "a", "c"), (cache.Image, cache.Pull, cache.Env["A"], cache.Env["B"]));
        Assert.Equal(["redis-server", "--port", "7000"], cache.Command);
        Assert.Equal([7000, 7001], cache.Ports);
        Assert.Equal(new() { Command = "redis-cli ping", Interval = TimeSpan.FromSeconds(2), Timeout = TimeSpan.FromSeconds(3), Retries = 4 }, cache.Health);
        Assert.Equal(new() { Command = "mysqladmin ping" }, job.ServiceContainers[2].Health);
    }

    [Theory]
    [InlineData("512MB", 512L << 20)]
    [InlineData("2GB", 2L << 30)]
    [InlineData("1.5 GiB", 3L << 29)]
    [InlineData("64m", 64L << 20)]
    [InlineData("8192k", 8L << 20)]
    public void Memory_IsAnAmount(string written, long bytes) => Assert.Equal(bytes, Job($"image: a\nresources: {{memory: {written}}}").Container!.Limits!.Memory);

    [Theory]
    [InlineData("image: {pull: always}", "missing-key `name`")]
    [InlineData("image: [a]", "wrong-type `image` is an image such as")]
    [InlineData("image: {name: a, pull: sometimes}", "bad-value `if_not_present`, `always` or `never`")]
    [InlineData("image: {name: a, user: 'a b'}", "bad-name `a b` is no user")]
    [InlineData("image: a\nresources: {memory: 5}", "bad-value `5` is no amount of memory")]
    [InlineData("image: a\nresources: {memory: 1KB}", "bad-value at least `6MB`")]
    [InlineData("image: a\nresources: {cpu: -1}", "bad-value `-1` is no number of cores")]
    [InlineData("image: a\nresources: {pids: 0}", "bad-value whole number from 1")]
    [InlineData("services: [{name: a}]", "missing-key `image`")]
    [InlineData("services: [postgres:15, 'other/postgres:16']", "duplicate-name reached as `postgres`, in line 6")]
    [InlineData("services: [{image: a, name: A_b}]", "bad-name host name")]
    [InlineData("services: ['a/:15']", "bad-name `image` and `name`")]
    [InlineData("services: [{image: a, ports: [0, 'x', 99999]}]", "bad-value `0` is no port", "bad-value `x` is no port", "bad-value `99999` is no port")]
    [InlineData("services: [{image: a, health: {interval: 1s}}]", "missing-key `command`")]
    [InlineData("services: [{image: a, helth: x}]", "unknown-key Did you mean `health`?")]
    [InlineData("resources: {cpu: 1}", "conflicting-keys `image`")]
    public void Container_Wrong_IsSaid(string lines, params string[] expected)
    {
        var errors = Sample.Errors(Pipeline(lines));

        Assert.Equal(expected.Length, errors.Count);
        Assert.All(expected.Zip(errors), pair =>
        {
            Assert.StartsWith(pair.Second.Code, pair.First, StringComparison.Ordinal);
            Assert.Contains(pair.First[(pair.Second.Code.Length + 1)..], pair.Second.Message, StringComparison.Ordinal);
        });
    }

    private static PlannedContainer Empty { get; } = new() { Image = "" };

    private static PlannedJob Job(string lines) => Sample.Plan(Pipeline(lines)).Jobs[0];

    private static string Pipeline(string lines) =>
        $"stages:\n- name: S\n  jobs:\n  - name: J\n    steps: [{{run: ls}}]\n{string.Concat(lines.Split('\n').Select(line => "    " + line + "\n"))}";
}
