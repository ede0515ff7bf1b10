using System.Formats.Tar;

namespace PRTS.Scenarios;

/// <summary>Programs and images with the names that pipelines know. They do just enough to tell that they were there.</summary>
internal static class FakeTools
{
    private const string Npm = """
        #!/bin/sh
        echo "npm $*"
        [ "$*" != "run build" ] || { mkdir -p dist && echo '<h1>built</h1>' > dist/index.html; }
        """;

    private const string Echo = """
        #!/bin/sh
        echo "${0##*/} $*"
        """;

    /// <summary>Fails where the services of the example do not answer.</summary>
    private const string Pytest = """
        #!/bin/bash
        set -e
        exec 3<>/dev/tcp/postgres/5432
        exec 4<>/dev/tcp/redis/6379
        echo "pytest $*"
        """;

    /// <summary>A server that answers on its port.</summary>
    private const string Server = """
        #!/bin/sh
        mkdir -p /www
        echo "${POSTGRES_DB:-empty}" > /www/index.html
        echo "listening on $1"
        exec httpd -f -p "$1" -h /www
        """;

    /// <summary>On the machine, where jobs without an image run.</summary>
    public static void Install(string directory)
    {
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        foreach (var (name, text) in new[] { ("pytest", Pytest), ("kubectl", Echo) })
        {
            var file = Path.Combine(directory, name);
            File.WriteAllText(file, text + "\n");
            File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        }
    }

    public static async Task Import(EngineFixture engine)
    {
        await engine.Import("node:20", tar => Add(tar, ("npm", Npm)), "ENV NODE_VERSION=20.0.0");
        await engine.Import("python:3.12", tar => Add(tar, ("pip", Echo), ("python", Echo)));
        await engine.Import("redis:7", tar => Add(tar, ("redis-server", Server)), "EXPOSE 6379", """CMD ["redis-server", "6379"]""");
        await engine.Import("as-node:1", _ => { }, "USER node");
        foreach (var name in (string[])["postgres:15", "registry.example.com/db/postgres:15"])
            await engine.Import(name, tar => Add(tar, ("postgres", Server), ("pg_isready", "#!/bin/sh\nwget -q -O /dev/null http://127.0.0.1:5432/")), """CMD ["postgres", "5432"]""");
    }

    private static void Add(TarWriter tar, params (string Name, string Text)[] programs)
    {
        foreach (var (name, text) in programs)
            EngineFixture.AddText(tar, "usr/bin/" + name, text + "\n", executable: true);
    }
}
